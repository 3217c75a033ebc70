import type { IPackage } from '../api/types';
import { normalName } from './requirements';

export type SortKey = 'name' | 'source' | 'size';

export interface IPackageView {
  query: string;
  outdatedOnly: boolean;
  requestedOnly: boolean;
  sort: SortKey;
  descending: boolean;
}

export const FIRST_VIEW: IPackageView = {
  query: '',
  outdatedOnly: false,
  requestedOnly: false,
  sort: 'name',
  descending: false
};

/** The packages that `view` asks for, in its order. */
export function selectPackages(
  packages: ReadonlyArray<IPackage>,
  view: IPackageView,
  outdated: (item: IPackage) => boolean
): ReadonlyArray<IPackage> {
  const words = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = packages.filter(
    item =>
      (!view.requestedOnly || item.requested === true) &&
      (!view.outdatedOnly || outdated(item)) &&
      words.every(word => searchText(item).includes(word))
  );
  const by = COMPARE[view.sort];
  const sign = view.descending ? -1 : 1;
  return shown.sort((a, b) => sign * by(a, b) || COMPARE.name(a, b));
}

/** conda's packages in whose place one of pip's, of the same name, is imported. */
export function hiddenByPip(packages: ReadonlyArray<IPackage>): ReadonlySet<IPackage> {
  const byPip = new Set(
    packages.filter(item => item.manager === 'pip').map(item => normalName(item.name))
  );
  return new Set(
    packages.filter(item => item.manager !== 'pip' && byPip.has(normalName(item.name)))
  );
}

/** Where a package came from, for grouping and for search. */
export function sourceOf(item: IPackage): 'conda' | 'editable' | 'url' | 'pip' {
  if (item.manager === 'conda') {
    return 'conda';
  }
  return item.editable ? 'editable' : item.url !== null ? 'url' : 'pip';
}

/** Whether the index, or a channel, can tell anything of it. */
export function isFromIndex(item: IPackage): boolean {
  return sourceOf(item) === 'pip' || sourceOf(item) === 'conda';
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const COMPARE: { [key in SortKey]: (a: IPackage, b: IPackage) => number } = {
  name: (a, b) => collator.compare(a.name, b.name),
  source: (a, b) => sourceOf(a).localeCompare(sourceOf(b)),
  size: (a, b) => (a.size ?? 0) - (b.size ?? 0)
};

function searchText(item: IPackage): string {
  let text = texts.get(item);
  if (text === undefined) {
    text = `${item.name}\n${item.version}\n${item.summary ?? ''}`.toLowerCase();
    texts.set(item, text);
  }
  return text;
}

/** Kept while a package is listed, so that a key pressed in the filter joins no strings. */
const texts = new WeakMap<IPackage, string>();
