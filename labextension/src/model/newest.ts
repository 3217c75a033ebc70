import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { RequestError } from '../api/request';
import type { IErrorBody, IVersions } from '../api/types';

/** How many questions are under way at once. */
const AT_ONCE = 4;

/** Null while it is asked for; without versions where the index does not know the name. */
export type Known = ReadonlyArray<string> | null;

/**
 * What the index has of each package, asked only for names somebody looks at.
 *
 * When the index does not answer, it is asked no more until `retry`.
 */
export class Newest implements IDisposable {
  constructor(private readonly _ask: (name: string) => Promise<IVersions>) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Why the index is not asked at present. */
  get failure(): IErrorBody | null {
    return this._failure;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._queue = [];
    Signal.clearData(this);
  }

  /** Undefined when it was not asked for. */
  get(name: string): Known | undefined {
    return this._known.get(name);
  }

  /** Asks for `names` next; those of the last call that were not asked yet are let go. */
  want(names: ReadonlyArray<string>): void {
    this._queue = names.filter(name => !this._known.has(name));
    this._go();
  }

  retry(): void {
    this._failure = null;
    this._changed.emit();
    this._go();
  }

  private _go(): void {
    while (this._running < AT_ONCE && this._queue.length > 0 && this._failure === null) {
      void this._one(this._queue.shift()!);
    }
  }

  private async _one(name: string): Promise<void> {
    this._running++;
    this._known.set(name, null);
    try {
      const found = await this._ask(name);
      this._known.set(name, found.versions);
    } catch (error) {
      const status = error instanceof RequestError ? error.status : 0;
      if (status === 404 || status === 400) {
        this._known.set(name, []);
      } else {
        this._known.delete(name);
        this._queue.unshift(name);
        this._failure = error as RequestError;
      }
    }
    this._running--;
    if (!this._isDisposed) {
      this._changed.emit();
      this._go();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _known = new Map<string, Known>();
  private _queue: string[] = [];
  private _running = 0;
  private _failure: IErrorBody | null = null;
  private _isDisposed = false;
}
