import type { Contents } from '@jupyterlab/services';
import type { Drag } from '@lumino/dragdrop';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IFile } from './model/creation';
import type { IEntry, IFolder } from './model/folder';

/** What JupyterLab's file browser says of the file that is dragged from it. */
const CONTENTS_MIME = 'application/x-jupyter-icontentsrich';

/** How many names of one folder are listed: more than are looked at, so that it is seen that there are more. */
const MOST_NAMES = 5000;

/** Without `lm-` they come from the browser, with it from Lumino, which has drags of its own. */
const EVENTS = ['dragenter', 'dragover', 'dragleave', 'drop'].flatMap(name => [name, `lm-${name}`]);

/** Takes the files and folders that are dropped on a node, from the desktop and from JupyterLab's file browser. */
export class FileDrop implements IDisposable {
  constructor(private readonly _options: FileDrop.IOptions) {
    EVENTS.forEach(name => _options.node.addEventListener(name, this._onDrag));
  }

  /** Whether a file is above the node now. */
  get over(): boolean {
    return this._over;
  }

  /** Emitted when `over` changes. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    EVENTS.forEach(name => this._options.node.removeEventListener(name, this._onDrag));
    Signal.clearData(this);
  }

  private readonly _onDrag = (event: Event): void => {
    const drag = event as DragEvent | Drag.Event;
    if (!carriesFile(drag)) {
      return;
    }
    const { node, onFiles, onFolder } = this._options;
    event.preventDefault();
    event.stopPropagation();
    switch (event.type.replace('lm-', '')) {
      case 'dragleave':
        // From one part of the node to another it is still above it.
        this._setOver(node.contains(drag.relatedTarget as Node | null));
        break;
      case 'drop': {
        this._setOver(false);
        // The browser tells what is dropped only now, not after a wait.
        const folder = this._folderOf(drag);
        const files = folder ? [] : this._filesOf(drag);
        if (folder) {
          onFolder(folder);
        } else if (files.length > 0) {
          onFiles(files);
        }
        break;
      }
      default:
        this._setOver(true);
        if ('mimeData' in drag) {
          drag.dropAction = drag.proposedAction;
        } else {
          drag.dataTransfer!.dropEffect = 'copy';
        }
    }
  };

  /** The folder that is dropped, one around all where more is dropped with it; null when it is files alone. */
  private _folderOf(drag: DragEvent | Drag.Event): IFolder | null {
    if ('mimeData' in drag) {
      const model = draggedModel(drag)!;
      return model.type === 'directory' ? this._contentsFolder(model) : null;
    }
    const dropped = Array.from(drag.dataTransfer!.items ?? [], item => item.webkitGetAsEntry?.());
    const entries = dropped.filter((entry): entry is FileSystemEntry => !!entry);
    if (!entries.some(entry => entry.isDirectory)) {
      return null;
    }
    return entries.length === 1
      ? folderEntry(entries[0] as FileSystemDirectoryEntry)
      : {
          name: entries.map(entry => entry.name).join(', '),
          entries: async () => entries.map(entryOf)
        };
  }

  private _contentsFolder({ name, path }: Contents.IModel): IFolder {
    const entries = async () => {
      const options = { type: 'directory', content: true } as const;
      const { content } = await this._options.contents.get(path, options);
      return (content as ReadonlyArray<Contents.IModel>).map(model =>
        model.type === 'directory'
          ? this._contentsFolder(model)
          : { name: model.name, open: async () => this._contentsFile(model) }
      );
    };
    return { name, entries };
  }

  private _contentsFile({ name, path, size }: Contents.IModel): IFile {
    const read = async (format: 'text' | 'base64') => {
      const options = { type: 'file', format, content: true } as const;
      return String((await this._options.contents.get(path, options)).content);
    };
    const text = async () => {
      try {
        return await read('text');
      } catch {
        // It is not UTF-8.
        const { decode } = await import('./model/decode');
        return decode(Uint8Array.from(atob(await read('base64')), byte => byte.charCodeAt(0)));
      }
    };
    return { name, size: size ?? 0, text };
  }

  private _filesOf(drag: DragEvent | Drag.Event): ReadonlyArray<IFile> {
    if (!('mimeData' in drag)) {
      return Array.from(drag.dataTransfer!.files);
    }
    return [this._contentsFile(draggedModel(drag)!)];
  }

  private _setOver(over: boolean): void {
    if (over !== this._over) {
      this._over = over;
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _over = false;
  private _isDisposed = false;
}

/** Whether files or a folder are dragged, and not a cell or a tab. */
export function carriesFile(drag: DragEvent | Drag.Event): boolean {
  if ('mimeData' in drag) {
    return draggedModel(drag) !== null;
  }
  return drag.dataTransfer?.types.includes('Files') ?? false;
}

function entryOf(entry: FileSystemEntry): IEntry {
  if (entry.isDirectory) {
    return folderEntry(entry as FileSystemDirectoryEntry);
  }
  const open = () =>
    new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
  return { name: entry.name, open };
}

function folderEntry(entry: FileSystemDirectoryEntry): IFolder {
  const entries = async () => {
    const reader = entry.createReader();
    const found: FileSystemEntry[] = [];
    // It hands over a hundred at a time, and none at the end.
    for (let part; (part = await nextOf(reader)).length > 0 && found.length < MOST_NAMES;) {
      found.push(...part);
    }
    return found.map(entryOf);
  };
  return { name: entry.name, entries };
}

function nextOf(reader: FileSystemDirectoryReader): Promise<ReadonlyArray<FileSystemEntry>> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

function draggedModel(drag: Drag.Event): Contents.IModel | null {
  return drag.mimeData.hasData(CONTENTS_MIME) ? drag.mimeData.getData(CONTENTS_MIME).model : null;
}

export namespace FileDrop {
  export interface IOptions {
    node: HTMLElement;
    /** Where the file browser's files are read. */
    contents: Pick<Contents.IManager, 'get'>;
    onFiles: (files: ReadonlyArray<IFile>) => void;
    onFolder: (folder: IFolder) => void;
  }
}
