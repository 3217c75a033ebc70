import type { IFile } from './creation';

/** A file of a folder, read when it is wanted. */
export interface IFileEntry {
  readonly name: string;
  open: () => Promise<Pick<IFile, 'size' | 'text' | 'arrayBuffer'>>;
}

/** A folder; what it holds is asked for when it is wanted. */
export interface IFolder {
  readonly name: string;
  entries: () => Promise<ReadonlyArray<IEntry>>;
}

export type IEntry = IFileEntry | IFolder;

/** How far a folder is looked through. */
export interface IBounds {
  /** How deep: 0 is its own files alone. */
  depth: number;
  /** How many names are looked at. */
  names: number;
  /** How many files are taken, how many bytes of one of them, and of all together. */
  files: number;
  largest: number;
  bytes: number;
}

/** What of a folder says what it needs. */
export interface IFolderFiles {
  /** Their names are paths in the folder, with `/`. */
  files: ReadonlyArray<IFile>;
  /** Whether there were more names than are looked at, or more files than are taken. */
  more: boolean;
  /** The files that were too large to be taken, or would have been one too many. */
  left: ReadonlyArray<string>;
}

/** No more than the server takes in one request. */
export const BOUNDS: IBounds = {
  depth: 3,
  names: 2000,
  files: 50,
  largest: 5_000_000,
  bytes: 10_000_000
};

/** More than the server takes. */
const LONGEST_PATH = 255;

/** The files that some tool goes by; `.txt` and `.in` may have any name that speaks of requirements. */
const TOLD_BY_NAME =
  /^(.*(requirements|constraints).*\.(txt|in)|pyproject\.toml|pylock(\.[^.]+)?\.toml|uv\.lock|poetry\.lock|pipfile(\.lock)?|environment\.(ya?ml|json)|conda-(lock|list)\.(txt|ya?ml)|pixi\.(toml|lock)|pdm\.lock|requirements(-dev)?\.lock|runtime\.txt|apt\.txt|packages\.txt|postbuild|start|setup\.(py|cfg)|install\.r|description|project\.toml|require|default\.nix|dockerfile|procfile|[^/]+\.ipynb)$/i;
/** What lies deeper may be included by those, as `requirements/base.txt` is. */
const INCLUDED = /(^|\/)[^/]*(requirements|constraints)[^/]*(\/[^/]+)?\.(txt|in)$/i;
/** A file that says all of it may lie in a folder of its own, as `conda/environment.yml` does. */
const BELOW =
  /^[^/]+\/(environment\.ya?ml|pyproject\.toml|pipfile(\.lock)?|setup\.(py|cfg)|pixi\.toml)$/i;
const NOTEBOOK = /\.ipynb$/i;
/** Where repo2docker looks; in them it is as in the folder itself. */
const BINDER = ['binder', '.binder'];
/** What tools put there, and nobody wrote. */
const GENERATED = new Set(['node_modules', '__pycache__', 'site-packages', 'venv', 'env']);

/**
 * The files of `folder` that say what it needs, its own first, then those of the folders below.
 *
 * Folders that tools fill, and hidden ones other than Binder's, are passed over.
 */
export async function filesOf(folder: IFolder, bounds: IBounds = BOUNDS): Promise<IFolderFiles> {
  const files: IFile[] = [];
  const left: string[] = [];
  let [names, bytes, more] = [0, 0, false];
  let level: ReadonlyArray<[string, IFolder]> = [['', folder]];
  for (let depth = 0; level.length > 0; depth++) {
    const below: [string, IFolder][] = [];
    for (const [path, each] of level) {
      const entries = await each.entries();
      // The rest of a crowded folder is not worth a look, what lies beside it may be.
      const seen = [...entries].sort(byName).slice(0, Math.max(0, bounds.names - names));
      names += seen.length;
      more ||= seen.length < entries.length;
      for (const entry of seen) {
        const here = path + entry.name;
        if ('entries' in entry) {
          if (isWorthALook(entry.name)) {
            below.push([`${here}/`, entry]);
          }
          continue;
        }
        if (!isWanted(path, entry.name) || here.length > LONGEST_PATH) {
          continue;
        }
        const file = files.length < bounds.files ? await entry.open() : null;
        if (!file || file.size > bounds.largest || bytes + file.size > bounds.bytes) {
          left.push(here);
          continue;
        }
        bytes += file.size;
        files.push({
          name: here,
          size: file.size,
          text: () => file.text(),
          arrayBuffer: file.arrayBuffer?.bind(file)
        });
      }
    }
    if (depth >= bounds.depth) {
      // That something lies deeper is no news: most of a project does.
      break;
    }
    level = below;
  }
  // Notebooks say what a folder needs where no file does.
  const declared = files.filter(file => !NOTEBOOK.test(file.name));
  return { files: declared.length > 0 ? declared : files, more, left };
}

/** The folder whose files were chosen with their paths in it, as a browser hands them over. */
export function folderOf(files: ReadonlyArray<File>): IFolder {
  const root = new Branch(files[0].webkitRelativePath.split('/')[0]);
  for (const file of files) {
    const parts = file.webkitRelativePath.split('/').slice(1);
    parts
      .slice(0, -1)
      .reduce((above, name) => above.below(name), root)
      .add(file);
  }
  return root;
}

class Branch implements IFolder {
  constructor(readonly name: string) {}

  below(name: string): Branch {
    const found = this._below.get(name) ?? new Branch(name);
    this._below.set(name, found);
    return found;
  }

  add(file: File): void {
    this._files.push({ name: file.name, open: async () => file });
  }

  async entries(): Promise<ReadonlyArray<IEntry>> {
    return [...this._files, ...this._below.values()];
  }

  private readonly _below = new Map<string, Branch>();
  private readonly _files: IFileEntry[] = [];
}

function isWanted(path: string, name: string): boolean {
  const above = path.slice(0, -1);
  return above === '' || BINDER.includes(above)
    ? TOLD_BY_NAME.test(name)
    : INCLUDED.test(path + name) || BELOW.test(path + name);
}

function isWorthALook(name: string): boolean {
  return BINDER.includes(name) || !(name.startsWith('.') || GENERATED.has(name.toLowerCase()));
}

/** Files first: what a crowded folder says itself is not lost behind what lies below. */
function byName(one: IEntry, other: IEntry): number {
  const below = Number('entries' in one) - Number('entries' in other);
  return below || (one.name < other.name ? -1 : 1);
}
