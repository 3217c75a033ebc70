import type { ICreate, IErrorBody, IInspected } from '../api/types';
import { suggestName } from './names';
import { parsePackages, type IPackageEntry, type PackageSyntax } from './packages';

/** What the form for a new environment holds; an empty text leaves the choice to the server. */
export interface IDraft {
  name: string;
  /** Whether the user typed the name. */
  named: boolean;
  /** The whole path of a folder, in the place of the name. */
  prefix: string;
  python: string;
  manager: string;
  packages: ReadonlyArray<IPackageEntry>;
  /** What the imported file asks for and no field shows: itself where it is a lock, and what pip brings. */
  carried: Pick<ICreate, 'from' | 'pip_packages' | 'indexes' | 'find_links' | 'build'>;
  /** Those of `packages` that the imported file brought. */
  brought: ReadonlyArray<string>;
  /** What is typed and not an entry of `packages` yet. */
  typed: string;
  /** The first goes before the others. */
  channels: ReadonlyArray<string>;
  /** What is typed and not one of `channels` yet. */
  typedChannel: string;
  displayName: string;
}

/** Optional parts of a file that are wanted, and what of it is allowed. */
export interface IParts {
  extras: ReadonlyArray<string>;
  groups: ReadonlyArray<string>;
  /** Indexes of it that may be asked. */
  indexes: ReadonlyArray<string>;
  find_links: ReadonlyArray<string>;
}

/** A file that somebody gave to the form: what the server read in it, or why it could not. */
export interface IImported {
  filename: string;
  parts: IParts;
  inspected: IInspected | null;
  error: IErrorBody | null;
}

/** The fields of the form, as an error of the server may name them. */
export type DraftField =
  'name' | 'prefix' | 'python' | 'manager' | 'packages' | 'channels' | 'displayName';

const FIELDS: ReadonlyArray<[RegExp, DraftField]> = [
  [/^name/, 'name'],
  [/^prefix/, 'prefix'],
  [/^python/, 'python'],
  [/^manager/, 'manager'],
  [/^(packages|from)/, 'packages'],
  [/^channels/, 'channels'],
  [/^(kernel\.)?display_name/, 'displayName']
];

export function emptyDraft(name: string): IDraft {
  return {
    name,
    named: false,
    prefix: '',
    python: '',
    manager: '',
    packages: [],
    carried: {},
    brought: [],
    typed: '',
    channels: [],
    typedChannel: '',
    displayName: ''
  };
}

/** `draft` without the packages of the imported file. */
export function withoutImport(draft: IDraft): IDraft {
  const brought = new Set(draft.brought);
  const packages = draft.packages.filter(entry => !brought.has(entry.text));
  return { ...draft, packages, carried: {}, brought: [] };
}

/**
 * `draft` with what a file asks for: its packages in the place of those of the one before,
 * the rest where the user chose nothing.
 */
export function withInspected(
  draft: IDraft,
  inspected: IInspected,
  taken: ReadonlyArray<string>
): IDraft {
  const { name, python, manager, channels, kernel, from, pip_packages, build } = inspected.create;
  const { indexes, find_links } = inspected.create;
  const own = withoutImport(draft);
  // A lock brings its packages by itself.
  const packages = from ? [] : (inspected.create.packages ?? []);
  const known = new Set(own.packages.map(entry => entry.text));
  // The server has read them; what is typed is taken apart, they are not.
  const brought = [...new Set(packages)]
    .filter(text => !known.has(text))
    .map(text => ({ text, valid: true }));
  return {
    ...own,
    name: name && !draft.named ? suggestName(name, taken) : draft.name,
    python: draft.python || python || '',
    manager: draft.manager || manager || '',
    packages: [...own.packages, ...brought],
    brought: brought.map(entry => entry.text),
    carried: {
      ...(from && { from }),
      ...(pip_packages?.length && { pip_packages }),
      ...(indexes?.length && { indexes }),
      ...(find_links?.length && { find_links }),
      ...(typeof build === 'boolean' && { build })
    },
    channels: draft.channels.length > 0 ? draft.channels : (channels ?? []),
    displayName: draft.displayName || kernel?.display_name || ''
  };
}

/** `draft` with what is being typed taken in as packages and channels. */
export function settled(draft: IDraft, syntax: PackageSyntax = 'requirement'): IDraft {
  const known = new Set(draft.packages.map(entry => entry.text));
  const typed = parsePackages(draft.typed, syntax).filter(entry => !known.has(entry.text));
  return {
    ...draft,
    packages: [...draft.packages, ...typed],
    typed: '',
    channels: withChannels(draft.channels, draft.typedChannel),
    typedChannel: ''
  };
}

/** `channels` with those in `text`, each once. */
export function withChannels(channels: ReadonlyArray<string>, text: string): ReadonlyArray<string> {
  return [...new Set([...channels, ...text.split(/[\s,]+/).filter(Boolean)])];
}

/** `list` with the one at `from` in the place `to`. */
export function moved<T>(list: ReadonlyArray<T>, from: number, to: number): ReadonlyArray<T> {
  const rest = list.filter((_, at) => at !== from);
  return [...rest.slice(0, to), list[from], ...rest.slice(to)];
}

/** What to ask the server for; what the user left alone is left out. */
export function requestOf(draft: IDraft): ICreate {
  const { name, prefix, python, manager, packages, channels, displayName } = draft;
  const request: ICreate = prefix.trim() ? { prefix: prefix.trim() } : { name };
  request.packages = packages.map(entry => entry.text);
  Object.assign(request, draft.carried);
  if (python) {
    request.python = python;
  }
  if (manager) {
    request.manager = manager;
  }
  if (channels.length > 0) {
    request.channels = [...channels];
  }
  if (displayName.trim()) {
    request.kernel = { display_name: displayName.trim() };
  }
  return request;
}

/** The field that an error is about, or null when the form has none for it. */
export function fieldOf(error: IErrorBody | null): DraftField | null {
  const field = error?.field;
  return (field && FIELDS.find(([pattern]) => pattern.test(field))?.[1]) || null;
}
