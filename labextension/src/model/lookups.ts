import { RequestError } from '../api/request';
import type { IFound, ISource, IVersions } from '../api/types';
import type { IReads } from '../tokens';
import type { PackageSyntax } from './packages';

/** What a field for packages asks while somebody types. */
export interface ILookups {
  /** How packages are written there. */
  readonly syntax: PackageSyntax;
  /** Known packages whose name holds `q`. */
  search(q: string): Promise<ReadonlyArray<IFound>>;
  /** What the index has of a package; rejects with a RequestError. */
  versions(name: string): Promise<IVersions>;
  /** The package that most likely brings each of `modules`; none for one of Python's own. */
  distributions(modules: ReadonlyArray<string>): Promise<ReadonlyArray<string>>;
  /** What copied commands and imports ask for, as the server reads a notebook's; absent where it cannot be asked. */
  readonly commands?: (text: string) => Promise<ICommands>;
}

/** Requirements, and what the server says of the text: what was left out, or read in another way. */
export interface ICommands {
  packages: ReadonlyArray<string>;
  warnings: ReadonlyArray<string>;
}

const MOST_KEPT = 200;

/** More than anybody imports in what is pasted here. */
const MOST_MODULES = 50;

type Reads = Pick<IReads, 'search' | 'versions' | 'providers'> & Partial<Pick<IReads, 'inspect'>>;

/** Asks the server once for each text; what failed is asked again. */
export class Lookups implements ILookups {
  /**
   * @param sources - where to look, the best first; by default the index
   */
  constructor(
    private readonly _reads: Reads,
    readonly syntax: PackageSyntax = 'requirement',
    private readonly _sources: ReadonlyArray<ISource> = [{}]
  ) {}

  search(q: string): Promise<ReadonlyArray<IFound>> {
    return kept(this._found, q.toLowerCase(), async () => {
      const lists = await Promise.all(this._sources.map(source => this._reads.search(q, source)));
      const byName = new Map(lists.flat().map(found => [found.name, found]));
      return [...byName.values()];
    });
  }

  versions(name: string): Promise<IVersions> {
    return kept(this._versions, name.toLowerCase(), () => this._first(name, this._sources));
  }

  async distributions(modules: ReadonlyArray<string>): Promise<ReadonlyArray<string>> {
    const asked = [...new Set(modules)].slice(0, MOST_MODULES);
    const found = await Promise.all(asked.map(module => this._reads.providers(module)));
    return found.flatMap(each => each.distributions.slice(0, 1).map(best => best.name));
  }

  /** Of match specs the field's own reader knows more. */
  readonly commands =
    this._reads.inspect && this.syntax === 'requirement'
      ? async (text: string): Promise<ICommands> => {
          const { create, warnings } = await this._reads.inspect!({
            filename: 'commands',
            text
          });
          return { packages: create.manager === 'conda' ? [] : (create.packages ?? []), warnings };
        }
      : undefined;

  /** The answer of the first source that knows the package: a channel hides those behind it. */
  private async _first(name: string, sources: ReadonlyArray<ISource>): Promise<IVersions> {
    const [source, ...rest] = sources;
    try {
      return await this._reads.versions(name, source);
    } catch (error) {
      if (rest.length > 0 && error instanceof RequestError && error.status === 404) {
        return this._first(name, rest);
      }
      throw error;
    }
  }

  private readonly _found = new Map<string, Promise<ReadonlyArray<IFound>>>();
  private readonly _versions = new Map<string, Promise<IVersions>>();
}

/** Look-ups by where packages come from, the same object for the same source. */
export class LookupsBySource {
  constructor(private readonly _reads: Reads) {}

  /** Those of the package index. */
  readonly index: ILookups = new Lookups(this._reads);

  /** Those of `channels`, or by default of the settings of `manager`, which takes match specs. */
  ofChannels(manager: string, channels: ReadonlyArray<string> = []): ILookups {
    return this._of(
      channels.length > 0 ? channels.map(channel => ({ manager, channel })) : [{ manager }]
    );
  }

  /** Those of the channels that the environment `id` takes its packages from. */
  ofEnvironment(id: string): ILookups {
    return this._of([{ environment: id }]);
  }

  private _of(sources: ReadonlyArray<ISource>): ILookups {
    const key = JSON.stringify(sources);
    if (this._key !== key) {
      this._key = key;
      this._last = new Lookups(this._reads, 'matchspec', sources);
    }
    return this._last;
  }

  private _key = '';
  private _last: ILookups = this.index;
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
