import type { IErrorBody } from '../api/types';
import { errorBodyOf } from '../api/request';

/** Something read from the server when somebody wants to see it, and again when it has changed. */
export class Resource<T> {
  constructor(
    private readonly _read: () => Promise<T>,
    private readonly _onChange: () => void
  ) {}

  /** Null before the first answer; what was known stays while a newer answer is under way. */
  value: T | null = null;
  /** Why the last reading failed, or null. */
  failure: IErrorBody | null = null;

  /** Reads it unless what is known is current. */
  want(): void {
    if (!this._fresh && !this._reading) {
      void this.read();
    }
  }

  /** What is known is no longer so; it is read when it is wanted next. */
  spoil(): void {
    this._fresh = false;
    // An answer under way may be older than what spoilt it.
    this._again = this._reading;
  }

  async read(): Promise<void> {
    this._reading = true;
    do {
      this._again = false;
      try {
        this.value = await this._read();
        this.failure = null;
      } catch (error) {
        this.failure = errorBodyOf(error);
      }
    } while (this._again);
    // After a failure too: it is for the user to try again.
    this._fresh = true;
    this._reading = false;
    this._onChange();
  }

  private _fresh = false;
  private _reading = false;
  private _again = false;
}
