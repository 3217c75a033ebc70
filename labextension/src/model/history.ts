import type { IPlan, IRevision } from '../api/types';

/** The versions of a package on both sides of a change; null where it was, or is, not there. */
interface IVersionPair {
  from: string | null;
  to: string | null;
}

/**
 * What leads from the packages of revision `from` to those of revision `to`, forth or back.
 *
 * @param revisions - newest first, without gaps between the two
 */
export function difference(revisions: ReadonlyArray<IRevision>, from: number, to: number): IPlan {
  const between = revisions.filter(
    ({ revision }) => revision > Math.min(from, to) && revision <= Math.max(from, to)
  );
  const back = to < from;
  const pairs = new Map<string, IVersionPair>();
  for (const { plan } of back ? between : [...between].reverse()) {
    for (const [name, pair] of pairsOf(plan)) {
      const step = back ? { from: pair.to, to: pair.from } : pair;
      pairs.set(name, { from: pairs.has(name) ? pairs.get(name)!.from : step.from, to: step.to });
    }
  }
  return planOf(pairs);
}

function pairsOf(plan: IPlan): Array<[string, IVersionPair]> {
  return [
    ...plan.added.map(pin => [pin.name, { from: null, to: pin.version }] as const),
    ...plan.changed.map(({ name, from, to }) => [name, { from, to }] as const),
    ...plan.removed.map(pin => [pin.name, { from: pin.version, to: null }] as const)
  ].map(([name, pair]) => [name, pair]);
}

function planOf(pairs: ReadonlyMap<string, IVersionPair>): IPlan {
  const plan = {
    added: [] as IPlan['added'][number][],
    changed: [] as IPlan['changed'][number][],
    removed: [] as IPlan['removed'][number][]
  };
  for (const [name, { from, to }] of [...pairs].sort(([a], [b]) => a.localeCompare(b))) {
    if (from === null && to !== null) {
      plan.added.push({ name, version: to, size: null });
    } else if (from !== null && to === null) {
      plan.removed.push({ name, version: from, size: null });
    } else if (from !== null && to !== null && from !== to) {
      plan.changed.push({ name, from, to });
    }
  }
  return { ...plan, download_size: null, disk_size: null };
}
