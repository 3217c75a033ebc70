import type { IChange, IPackage, IPlan } from '../api/types';
import type { IPackageEntry } from './packages';
import { nameOf, normalName } from './requirements';

/** What the user wants with one installed package. */
export type Wish = { kind: 'upgrade' } | { kind: 'remove' } | { kind: 'version'; version: string };

/** What waits to be applied; wishes go by normalised name. */
export interface IPending {
  readonly adds: ReadonlyArray<IPackageEntry>;
  readonly wishes: ReadonlyMap<string, Wish>;
  /** Whether pip may bring those of `adds` that no channel has. */
  readonly orPip?: boolean;
  /** Whether all become the newest that fits what was asked for. */
  readonly all?: boolean;
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
  return { ...pending, adds: wish ? adds : pending.adds, wishes };
}

/** With an upgrade of all, which has those of single packages in it. */
export function withAll(pending: IPending): IPending {
  const wishes = new Map([...pending.wishes].filter(([, wish]) => wish.kind !== 'upgrade'));
  return { ...pending, wishes, all: true };
}

/** With `adds` in the place of those before. */
export function withAdds(pending: IPending, adds: ReadonlyArray<IPackageEntry>): IPending {
  const wishes = new Map(pending.wishes);
  for (const entry of adds) {
    wishes.delete(nameOf(entry.text) ?? '');
  }
  return { ...pending, adds, wishes };
}

/** What is left of `pending` when `done` is done. */
export function without(pending: IPending, done: IPending): IPending {
  const texts = new Set(done.adds.map(entry => entry.text));
  return {
    ...pending,
    adds: pending.adds.filter(entry => !texts.has(entry.text)),
    all: pending.all && !done.all,
    wishes: new Map([...pending.wishes].filter(([name, wish]) => done.wishes.get(name) !== wish))
  };
}

export function countOf(pending: IPending): number {
  return pending.adds.length + pending.wishes.size + (pending.all ? 1 : 0);
}

/** Whether the server can be asked what it would do. */
export function isComplete(pending: IPending): boolean {
  return countOf(pending) > 0 && pending.adds.every(entry => entry.valid);
}

/**
 * The request that `pending` means; names are written as the packages write them.
 *
 * @param pipApart - whether what pip brought is changed by requirements of its own
 */
export function changeOf(
  pending: IPending,
  packages: ReadonlyArray<IPackage>,
  pipApart = false
): IChange {
  const known = new Map(packages.map(item => [normalName(item.name), item]));
  const install = pending.adds.map(entry => entry.text);
  const upgrade: string[] = [];
  const remove: string[] = [];
  const pipPackages: string[] = [];
  const pipUpgrade: string[] = [];
  for (const [name, wish] of pending.wishes) {
    const item = known.get(name);
    const shown = item?.name ?? name;
    const byPip = pipApart && item?.manager === 'pip';
    if (wish.kind === 'remove') {
      remove.push(shown);
    } else if (wish.kind === 'upgrade') {
      (byPip ? pipUpgrade : upgrade).push(shown);
    } else {
      (byPip ? pipPackages : install).push(`${shown}==${wish.version}`);
    }
  }
  return {
    install,
    upgrade,
    remove,
    ...(pending.all && { upgrade_all: true }),
    ...(pipPackages.length > 0 && { pip_packages: pipPackages }),
    ...(pipUpgrade.length > 0 && { pip_upgrade: pipUpgrade }),
    ...(pipApart && pending.orPip && pending.adds.length > 0 && { or_pip: true })
  };
}

export function isEmptyPlan(plan: IPlan): boolean {
  return plan.added.length + plan.changed.length + plan.removed.length === 0;
}
