import type { IChange, IPackage, IPlan } from '../api/types';
import type { IPackageEntry } from './packages';
import { nameOf, normalName } from './requirements';

/** What the user wants with one installed package. */
export type Wish = { kind: 'upgrade' } | { kind: 'remove' } | { kind: 'version'; version: string };

/** What waits to be applied; wishes go by normalised name. */
export interface IPending {
  readonly adds: ReadonlyArray<IPackageEntry>;
  readonly wishes: ReadonlyMap<string, Wish>;
}

export const NOTHING: IPending = { adds: [], wishes: new Map() };

/** With `wish` for each of `names`, or without one where it is null. */
export function withWish(
  pending: IPending,
  names: ReadonlyArray<string>,
  wish: Wish | null
): IPending {
  const wishes = new Map(pending.wishes);
  const touched = new Set(names.map(normalName));
  for (const name of touched) {
    if (wish) {
      wishes.set(name, wish);
    } else {
      wishes.delete(name);
    }
  }
  // One thing at a time for a package: the later word counts.
  const adds = pending.adds.filter(entry => !touched.has(nameOf(entry.text) ?? ''));
  return { adds: wish ? adds : pending.adds, wishes };
}

/** With `adds` in the place of those before. */
export function withAdds(pending: IPending, adds: ReadonlyArray<IPackageEntry>): IPending {
  const wishes = new Map(pending.wishes);
  for (const entry of adds) {
    wishes.delete(nameOf(entry.text) ?? '');
  }
  return { adds, wishes };
}

/** What is left of `pending` when `done` is done. */
export function without(pending: IPending, done: IPending): IPending {
  const texts = new Set(done.adds.map(entry => entry.text));
  return {
    adds: pending.adds.filter(entry => !texts.has(entry.text)),
    wishes: new Map([...pending.wishes].filter(([name, wish]) => done.wishes.get(name) !== wish))
  };
}

export function countOf(pending: IPending): number {
  return pending.adds.length + pending.wishes.size;
}

/** Whether the server can be asked what it would do. */
export function isComplete(pending: IPending): boolean {
  return countOf(pending) > 0 && pending.adds.every(entry => entry.valid);
}

/** The request that `pending` means; names are written as the packages write them. */
export function changeOf(pending: IPending, packages: ReadonlyArray<IPackage>): IChange {
  const written = new Map(packages.map(known => [normalName(known.name), known.name]));
  const install = pending.adds.map(entry => entry.text);
  const upgrade: string[] = [];
  const remove: string[] = [];
  for (const [name, wish] of pending.wishes) {
    const shown = written.get(name) ?? name;
    if (wish.kind === 'remove') {
      remove.push(shown);
    } else if (wish.kind === 'upgrade') {
      upgrade.push(shown);
    } else {
      install.push(`${shown}==${wish.version}`);
    }
  }
  return { install, upgrade, remove };
}

export function isEmptyPlan(plan: IPlan): boolean {
  return plan.added.length + plan.changed.length + plan.removed.length === 0;
}
