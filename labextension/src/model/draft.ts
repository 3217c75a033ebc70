import type { ICreate, IErrorBody, IInspected } from '../api/types';
import { suggestName } from './names';
import { parsePackages, type IPackageEntry } from './packages';

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
  /** What is typed and not an entry of `packages` yet. */
  typed: string;
  /** Separated by blanks or commas. */
  channels: string;
  displayName: string;
}

/** A file that somebody gave to the form: what the server read in it, or why it could not. */
export interface IImported {
  filename: string;
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
    typed: '',
    channels: '',
    displayName: ''
  };
}

/** `draft` with what a file asks for: its packages on top, the rest where the user chose nothing. */
export function withInspected(
  draft: IDraft,
  inspected: IInspected,
  taken: ReadonlyArray<string>
): IDraft {
  const { name, python, manager, packages, channels, kernel } = inspected.create;
  return {
    ...draft,
    name: name && !draft.named ? suggestName(name, taken) : draft.name,
    python: draft.python || python || '',
    manager: draft.manager || manager || '',
    packages: withTexts(draft.packages, (packages ?? []).join('\n')),
    channels: draft.channels || (channels ?? []).join(' '),
    displayName: draft.displayName || kernel?.display_name || ''
  };
}

/** `entries` with those in `text`, each once. */
function withTexts(entries: ReadonlyArray<IPackageEntry>, text: string): IPackageEntry[] {
  const known = new Set(entries.map(entry => entry.text));
  return [...entries, ...parsePackages(text).filter(entry => !known.has(entry.text))];
}

/** `draft` with what is being typed taken in as packages. */
export function settled(draft: IDraft): IDraft {
  return { ...draft, packages: withTexts(draft.packages, draft.typed), typed: '' };
}

/** What to ask the server for; what the user left alone is left out. */
export function requestOf(draft: IDraft): ICreate {
  const { name, prefix, python, manager, packages, channels, displayName } = draft;
  const request: ICreate = prefix.trim() ? { prefix: prefix.trim() } : { name };
  request.packages = packages.map(entry => entry.text);
  if (python) {
    request.python = python;
  }
  if (manager) {
    request.manager = manager;
  }
  if (channels.trim()) {
    request.channels = channels.split(/[\s,]+/).filter(Boolean);
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
