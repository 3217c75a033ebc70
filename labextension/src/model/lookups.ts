import type { IFound, IVersions } from '../api/types';
import type { IReads } from '../tokens';

/** What a field for packages asks while somebody types. */
export interface ILookups {
  /** Known packages whose name holds `q`. */
  search(q: string): Promise<ReadonlyArray<IFound>>;
  /** What the index has of a package; rejects with a RequestError. */
  versions(name: string): Promise<IVersions>;
  /** The package that most likely brings each of `modules`; none for one of Python's own. */
  distributions(modules: ReadonlyArray<string>): Promise<ReadonlyArray<string>>;
}

const MOST_KEPT = 200;

/** More than anybody imports in what is pasted here. */
const MOST_MODULES = 50;

/** Asks the server once for each text; what failed is asked again. */
export class Lookups implements ILookups {
  constructor(private readonly _reads: Pick<IReads, 'search' | 'versions' | 'providers'>) {}

  search(q: string): Promise<ReadonlyArray<IFound>> {
    return kept(this._found, q.toLowerCase(), () => this._reads.search(q));
  }

  versions(name: string): Promise<IVersions> {
    return kept(this._versions, name.toLowerCase(), () => this._reads.versions(name));
  }

  async distributions(modules: ReadonlyArray<string>): Promise<ReadonlyArray<string>> {
    const asked = [...new Set(modules)].slice(0, MOST_MODULES);
    const found = await Promise.all(asked.map(module => this._reads.providers(module)));
    return found.flatMap(each => each.distributions.slice(0, 1).map(best => best.name));
  }

  private readonly _found = new Map<string, Promise<ReadonlyArray<IFound>>>();
  private readonly _versions = new Map<string, Promise<IVersions>>();
}

function kept<T>(store: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const known = store.get(key);
  if (known) {
    return known;
  }
  const asked = ask();
  asked.catch(() => store.delete(key));
  store.set(key, asked);
  if (store.size > MOST_KEPT) {
    store.delete(store.keys().next().value!);
  }
  return asked;
}
