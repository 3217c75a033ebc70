import type { ServerConnection } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { address } from './request';
import type { ILogLine } from './types';
import type { IJobLog } from '../tokens';

/** More lines than anybody reads; the server keeps the rest. */
const KEPT_LINES = 5000;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

/** Follows `WS jobs/{id}/log`; a lost connection is taken up again at the next line. */
export class JobLog implements IJobLog {
  constructor(settings: ServerConnection.ISettings, jobId: string) {
    this._settings = settings;
    this._url = address(settings.wsUrl, 'jobs', jobId, 'log');
    this._connect();
  }

  get lines(): ReadonlyArray<ILogLine> {
    return this._lines;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._close();
    Signal.clearData(this);
  }

  private _connect(): void {
    const { WebSocket, appendToken, token } = this._settings;
    const query = new URLSearchParams({ since: String(this._since) });
    if (appendToken && token) {
      query.set('token', token);
    }
    const socket = new WebSocket(`${this._url}?${query}`);
    this._socket = socket;
    socket.onmessage = message => {
      this._wait = FIRST_WAIT_MS;
      this._read(JSON.parse(message.data));
    };
    socket.onclose = () => {
      if (!this._isDisposed && !this._ended) {
        this._timer = window.setTimeout(() => this._connect(), this._wait);
        this._wait = Math.min(this._wait * 2, LONGEST_WAIT_MS);
      }
    };
  }

  private _read(message: { line?: ILogLine | null; end?: unknown }): void {
    const { line, end } = message;
    if (line && line.seq > this._since) {
      this._since = line.seq;
      this._lines = [...this._lines.slice(1 - KEPT_LINES), line];
      this._changed.emit();
    }
    if (end) {
      this._ended = true;
      this._close();
    }
  }

  private _close(): void {
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _url: string;
  private readonly _changed = new Signal<this, void>(this);
  private _lines: ReadonlyArray<ILogLine> = [];
  private _since = 0;
  private _socket: WebSocket | null = null;
  private _timer = 0;
  private _wait = FIRST_WAIT_MS;
  private _ended = false;
  private _isDisposed = false;
}
