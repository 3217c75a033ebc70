import type { Contents } from '@jupyterlab/services';
import type { Drag } from '@lumino/dragdrop';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IFile } from './model/creation';

/** What JupyterLab's file browser says of the file that is dragged from it. */
const CONTENTS_MIME = 'application/x-jupyter-icontentsrich';

/** Without `lm-` they come from the browser, with it from Lumino, which has drags of its own. */
const EVENTS = ['dragenter', 'dragover', 'dragleave', 'drop'].flatMap(name => [name, `lm-${name}`]);

/** Takes the files that are dropped on a node, from the desktop and from JupyterLab's file browser. */
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
    const { node, onFiles } = this._options;
    event.preventDefault();
    event.stopPropagation();
    switch (event.type.replace('lm-', '')) {
      case 'dragleave':
        // From one part of the node to another it is still above it.
        this._setOver(node.contains(drag.relatedTarget as Node | null));
        break;
      case 'drop': {
        this._setOver(false);
        const files = this._filesOf(drag);
        if (files.length > 0) {
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

  private _filesOf(drag: DragEvent | Drag.Event): ReadonlyArray<IFile> {
    if (!('mimeData' in drag)) {
      return Array.from(drag.dataTransfer!.files);
    }
    const { name, path, size } = draggedModel(drag)!;
    const text = async () => {
      const options = { type: 'file', format: 'text', content: true } as const;
      return String((await this._options.contents.get(path, options)).content);
    };
    return [{ name, size: size ?? 0, text }];
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

/** Whether a file is dragged, and not a folder, a cell or a tab. */
export function carriesFile(drag: DragEvent | Drag.Event): boolean {
  if ('mimeData' in drag) {
    const model = draggedModel(drag);
    return model !== null && model.type !== 'directory';
  }
  return drag.dataTransfer?.types.includes('Files') ?? false;
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
  }
}
