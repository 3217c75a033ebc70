import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { TranslationBundle } from '@jupyterlab/translation';

import { errorBodyOf } from '../api/request';
import type { IInspect } from '../api/types';
import type { IReads } from '../tokens';
import type { IImported, IParts } from './draft';

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

  /** Opens the form with what a file asks for, or several of one folder together. */
  async importFiles(files: ReadonlyArray<IFile>): Promise<void> {
    this.open();
    const filename = files.map(file => file.name).join(', ');
    await this._read(filename, NO_PARTS, () => this._requestOf(files));
  }

  /** Reads the imported file once more, with other optional parts of it. */
  async chooseParts(parts: IParts): Promise<void> {
    const request = this._request;
    if (this._imported && request) {
      await this._read(this._imported.filename, parts, async () => request, this._imported);
    }
  }

  /** Nothing is taken from the imported file. */
  leaveOut(): void {
    this._imported = null;
    this._changed.emit();
  }

  dispose(): void {
    Signal.clearData(this);
  }

  /** Shows what is read of a file; what was read of it `before` stays meanwhile. */
  private async _read(
    filename: string,
    parts: IParts,
    ask: () => Promise<IInspect>,
    before: IImported | null = null
  ): Promise<void> {
    const reading: IImported = {
      filename,
      parts,
      inspected: before?.inspected ?? null,
      error: null
    };
    this._show(reading);
    let read: Partial<IImported>;
    try {
      const request = await ask();
      read = { inspected: await this._options.reads.inspect({ ...request, ...parts }) };
      this._request = request;
    } catch (error) {
      read = { inspected: null, error: errorBodyOf(error) };
    }
    // Another file may have been given meanwhile, or the form been closed.
    if (this._imported === reading) {
      this._show({ ...reading, ...read });
    }
  }

  private async _requestOf(files: ReadonlyArray<IFile>): Promise<IInspect> {
    const large = files.find(file => file.size > LARGEST_FILE);
    if (large) {
      throw new Error(this._options.trans.__('%1 is too large.', large.name));
    }
    const texts = await Promise.all(files.map(async file => [file.name, await file.text()]));
    return texts.length === 1
      ? { filename: texts[0][0], text: texts[0][1] }
      : { files: Object.fromEntries(texts) };
  }

  private _show(imported: IImported): void {
    this._imported = imported;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _form: IForm | null = null;
  private _imported: IImported | null = null;
  /** What was asked of the server about the imported file. */
  private _request: IInspect | null = null;
}

const NO_PARTS: IParts = { extras: [], groups: [] };

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
