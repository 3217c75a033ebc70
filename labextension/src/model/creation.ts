import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { TranslationBundle } from '@jupyterlab/translation';

import { errorBodyOf } from '../api/request';
import type { IReads } from '../tokens';
import type { IImported } from './draft';

/** What the form for a new environment starts with. */
export interface IForm {
  /** What the name is made from. */
  wish: string;
  /** The path of a notebook that may run with it. */
  notebook: string | null;
  /** Whether the notebook runs with it unless the user says no. */
  useInNotebook: boolean;
  packages: ReadonlyArray<string>;
}

/** A file whose text is read when it is wanted. */
export type IFile = Pick<File, 'name' | 'size' | 'text'>;

/** Where the form was asked for; what is left out is taken from where the user works. */
export interface IFormStart {
  name?: string;
  /** The path of the notebook that it was opened from. */
  notebook?: string;
  packages?: ReadonlyArray<string>;
}

/** More than the server takes: no list of packages is as long. */
const LARGEST_FILE = 5_000_000;

/** The form for a new environment: whether it is open, and the file that was given to it. */
export class Creation {
  constructor(private readonly _options: Creation.IOptions) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null while it is closed. */
  get form(): IForm | null {
    return this._form;
  }

  /** The file that was given last. */
  get imported(): IImported | null {
    return this._imported;
  }

  open(start: IFormStart = {}): void {
    if (this._form === null || Object.values(start).some(value => value !== undefined)) {
      this._imported = null;
      this._form = {
        wish: start.name ?? this._options.suggestName(),
        notebook: start.notebook ?? this._options.currentNotebook?.() ?? null,
        // One that merely lies open may be at work.
        useInNotebook: start.notebook !== undefined,
        packages: start.packages ?? []
      };
    }
    this._changed.emit();
  }

  close(): void {
    this._form = null;
    this._imported = null;
    this._changed.emit();
  }

  /** Opens the form with what a file asks for. */
  async importFile(file: IFile): Promise<void> {
    this.open();
    const reading: IImported = { filename: file.name, inspected: null, error: null };
    this._show(reading);
    const read = await this._inspect(file);
    // Another file may have been given meanwhile, or the form been closed.
    if (this._imported === reading) {
      this._show({ ...reading, ...read });
    }
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private async _inspect(file: IFile): Promise<Partial<IImported>> {
    const { reads, trans } = this._options;
    if (file.size > LARGEST_FILE) {
      const message = trans.__('%1 is too large.', file.name);
      return { error: { message, reason: 'too_large', hint: null } };
    }
    try {
      return { inspected: await reads.inspect(file.name, await file.text()) };
    } catch (error) {
      return { error: errorBodyOf(error) };
    }
  }

  private _show(imported: IImported): void {
    this._imported = imported;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _form: IForm | null = null;
  private _imported: IImported | null = null;
}

export namespace Creation {
  export interface IOptions {
    reads: Pick<IReads, 'inspect'>;
    /** A name to start from, such as that of the folder at hand. */
    suggestName: () => string;
    /** The path of the notebook at hand, or null. */
    currentNotebook?: () => string | null;
    trans: TranslationBundle;
  }
}
