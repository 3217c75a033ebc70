import type { ITreeNode } from '../api/types';
import { normalName } from './requirements';

/** More chains than anybody follows. */
const MOST_CHAINS = 5;

/** What a package has to do with the others of its environment. */
export interface IReasons {
  /** From the package up to one that was asked for, or that nothing needs; the shortest of each. */
  chains: ReadonlyArray<ReadonlyArray<string>>;
  /** What would no longer work without it, those that need it themselves first. */
  dependents: ReadonlyArray<string>;
}

/** Why `name` is in the environment, and what needs it. */
export function reasonsFor(nodes: ReadonlyArray<ITreeNode>, name: string): IReasons {
  const byName = new Map(nodes.map(node => [normalName(node.name), node]));
  const start = normalName(name);
  const chains: string[][] = [];
  const dependents: string[] = [];
  const seen = new Set([start]);
  let level: string[][] = [[start]];
  // Breadth first, so that the first chain to a package is its shortest.
  while (level.length > 0) {
    const next: string[][] = [];
    for (const chain of level) {
      const parents = byName.get(chain[chain.length - 1])?.required_by ?? [];
      for (const parent of parents.map(normalName)) {
        if (seen.has(parent)) {
          continue;
        }
        seen.add(parent);
        dependents.push(parent);
        const longer = [...chain, parent];
        const node = byName.get(parent);
        if (node?.requested || !node?.required_by.length) {
          chains.push(longer);
        }
        next.push(longer);
      }
    }
    level = next;
  }
  return { chains: chains.slice(0, MOST_CHAINS), dependents };
}
