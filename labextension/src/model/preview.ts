import { errorBodyOf } from '../api/request';
import type { IErrorBody, IPlan } from '../api/types';

/** So many milliseconds after the last wish the server is asked. */
const PAUSE_MS = 350;

export type PreviewState =
  | { state: 'none' }
  | { state: 'working' }
  | { state: 'ready'; plan: IPlan }
  | { state: 'failed'; error: IErrorBody };

/** What a request would do, by a dry run; only the last question counts. */
export class Preview<T> {
  constructor(
    private readonly _plan: (request: T, signal: AbortSignal) => Promise<IPlan>,
    private readonly _onChange: () => void,
    private readonly _pauseMs = PAUSE_MS
  ) {}

  get current(): PreviewState {
    return this._current;
  }

  /** Asks about `request`, or about nothing. */
  show(request: T | null): void {
    window.clearTimeout(this._timer);
    this._abort?.abort();
    this._abort = null;
    if (request === null) {
      this._current = { state: 'none' };
      return;
    }
    const abort = new AbortController();
    this._abort = abort;
    this._current = { state: 'working' };
    this._timer = window.setTimeout(() => void this._ask(request, abort), this._pauseMs);
  }

  private async _ask(request: T, abort: AbortController): Promise<void> {
    let answer: PreviewState;
    try {
      answer = { state: 'ready', plan: await this._plan(request, abort.signal) };
    } catch (error) {
      answer = { state: 'failed', error: errorBodyOf(error) };
    }
    if (!abort.signal.aborted) {
      this._current = answer;
      this._onChange();
    }
  }

  private _current: PreviewState = { state: 'none' };
  private _abort: AbortController | null = null;
  private _timer = 0;
}
