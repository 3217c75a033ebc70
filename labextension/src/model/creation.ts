import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { TranslationBundle } from '@jupyterlab/translation';

import { errorBodyOf } from '../api/request';
import type { IInspect } from '../api/types';
import type { IReads } from '../tokens';
import { decode } from './decode';
import type { IImported, IParts } from './draft';
import { BOUNDS, filesOf, type IFolder, type IFolderFiles } from './folder';

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

/** A file whose text is read when it is wanted; of one that has its bytes too they tell the encoding. */
export type IFile = Pick<File, 'name' | 'size' | 'text'> & IBytes;

/** What a file has of its bytes. */
export type IBytes = Partial<Pick<File, 'arrayBuffer'>>;

/** Where the form was asked for; what is left out is taken from where the user works. */
export interface IFormStart {
  name?: string;
  /** The path of the notebook that it was opened from. */
  notebook?: string;
  packages?: ReadonlyArray<string>;
}

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
    await this._read(filename, NO_PARTS, async () => {
      const texts = await this._textsOf(files);
      this._notes = [];
      this._folder = null;
      return texts.length === 1
        ? { filename: texts[0][0], text: texts[0][1] }
        : { files: Object.fromEntries(texts) };
    });
  }

  /** Opens the form with what the files of a folder ask for. */
  async importFolder(folder: IFolder): Promise<void> {
    this.open();
    await this._read(`${folder.name}/`, NO_PARTS, async () => {
      const found = await filesOf(folder);
      const texts = await this._textsOf(found.files);
      if (texts.length === 0) {
        throw new Error(
          this._options.trans.__(
            'No file in %1 says what it needs, such as requirements.txt, a lock file or pyproject.toml.',
            folder.name
          )
        );
      }
      this._notes = notesOn(found, this._options.trans);
      this._folder = folder.name;
      return { files: Object.fromEntries(texts) };
    });
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
      const inspected = await this._options.reads.inspect({ ...request, ...parts });
      const isProgram = ['notebook', 'script'].includes(inspected.format);
      if (isProgram && request.text && this._options.onNotebook) {
        // What a notebook carries is approved package by package, in a form of its own.
        this.close();
        this._options.onNotebook(request.filename ?? filename, request.text);
        return;
      }
      const warnings = [...this._notes, ...inspected.warnings];
      const create = { ...inspected.create, name: inspected.create.name || this._folder };
      read = { inspected: { ...inspected, create, warnings } };
      this._request = request;
    } catch (error) {
      read = { inspected: null, error: errorBodyOf(error) };
    }
    // Another file may have been given meanwhile, or the form been closed.
    if (this._imported === reading) {
      this._show({ ...reading, ...read });
    }
  }

  private async _textsOf(files: ReadonlyArray<IFile>): Promise<ReadonlyArray<[string, string]>> {
    const large = files.find(file => file.size > BOUNDS.largest);
    if (large) {
      throw new Error(this._options.trans.__('%1 is too large.', large.name));
    }
    return Promise.all(
      files.map(async (file): Promise<[string, string]> => [
        file.name,
        file.arrayBuffer ? decode(new Uint8Array(await file.arrayBuffer())) : await file.text()
      ])
    );
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
  /** What is to be known of how its files were gathered. */
  private _notes: ReadonlyArray<string> = [];
  /** The name of the folder that they come from, or null. */
  private _folder: string | null = null;
}

/** What somebody should know of a folder that was too much to be taken whole. */
function notesOn(found: IFolderFiles, trans: TranslationBundle): string[] {
  const { more, left } = found;
  return [
    more ? trans.__('The folder is large: its first %1 names were looked at.', BOUNDS.names) : '',
    left.length > 0
      ? trans.__('Left out, being too large or too many: %1', left.slice(0, 5).join(', '))
      : ''
  ].filter(Boolean);
}

const NO_PARTS: IParts = { extras: [], groups: [], indexes: [], find_links: [] };

export namespace Creation {
  export interface IOptions {
    reads: Pick<IReads, 'inspect'>;
    /** A name to start from, such as that of the folder at hand. */
    suggestName: () => string;
    /** The path of the notebook at hand, or null. */
    currentNotebook?: () => string | null;
    /** Asks whether to make what the text of a notebook carries. */
    onNotebook?: (filename: string, text: string) => void;
    trans: TranslationBundle;
  }
}
