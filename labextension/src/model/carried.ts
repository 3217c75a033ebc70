import type { INotebookRecord } from '../api/types';

/** The key in a notebook's metadata under which the server reads. */
export const METADATA_KEY = 'jupyter_envs';

const OPEN = '# /// script';
const CLOSE = '# ///';

/** What is used of a notebook's model. */
export interface INotebookText {
  readonly cells: ReadonlyArray<ICellText>;
  insertCell(
    index: number,
    cell: { cell_type: 'code'; source: string; metadata: { jupyter: { source_hidden: boolean } } }
  ): unknown;
  deleteCell(index: number): void;
  getMetadata(key: string): unknown;
  setMetadata(key: string, value: never): void;
  deleteMetadata(key: string): void;
  transact(change: () => void): void;
}

interface ICellText {
  readonly cell_type: string;
  getSource(): string;
  setSource(source: string): void;
}

/** The first script block (PEP 723) of `source` from its first character to its end, or null. */
export function blockIn(source: string): [number, number] | null {
  let start = -1;
  let end = -1;
  let at = 0;
  for (const line of source.split('\n')) {
    if (start >= 0 && (line.startsWith('# ') || line === '#')) {
      // The last such line in a row ends the block: the content may hold one too.
      end = line.trimEnd() === CLOSE ? at + line.length : end;
    } else if (end >= 0) {
      return [start, end];
    } else {
      start = line.trimEnd() === OPEN ? at : -1;
    }
    at += line.length + 1;
  }
  return end >= 0 ? [start, end] : null;
}

/** Where a notebook says what it needs; null where it does not. */
export function placeOf(notebook: INotebookText): 'cell' | 'metadata' | null {
  if (cellWithBlock(notebook)) {
    return 'cell';
  }
  const ours = notebook.getMetadata(METADATA_KEY) as { dependencies?: unknown } | undefined;
  return Array.isArray(ours?.dependencies) ? 'metadata' : null;
}

/** Lets a notebook say what `record` does, in `place`, and nowhere else; whether anything changed. */
export function carry(
  notebook: INotebookText,
  record: INotebookRecord,
  place: 'cell' | 'metadata'
): boolean {
  let changed = false;
  notebook.transact(() => {
    const found = cellWithBlock(notebook);
    const block = place === 'cell' ? record.block : '';
    if (found) {
      const { index, cell, span } = found;
      const source = cell.getSource();
      const left = source.slice(0, span[0]) + block + source.slice(span[1]);
      if (!left.trim()) {
        notebook.deleteCell(index);
        changed = true;
      } else if (left !== source) {
        cell.setSource(left);
        changed = true;
      }
    } else if (block) {
      const metadata = { jupyter: { source_hidden: true } };
      notebook.insertCell(0, { cell_type: 'code', source: block, metadata });
      changed = true;
    }
    const before = JSON.stringify(notebook.getMetadata(METADATA_KEY) ?? {});
    if (before !== JSON.stringify(record.metadata)) {
      if (Object.keys(record.metadata).length > 0) {
        notebook.setMetadata(METADATA_KEY, record.metadata as never);
      } else {
        notebook.deleteMetadata(METADATA_KEY);
      }
      changed = true;
    }
  });
  return changed;
}

function cellWithBlock(
  notebook: INotebookText
): { index: number; cell: ICellText; span: [number, number] } | null {
  for (const [index, cell] of notebook.cells.entries()) {
    const span = cell.cell_type === 'code' ? blockIn(cell.getSource()) : null;
    if (span) {
      return { index, cell, span };
    }
  }
  return null;
}
