import type { IEnvironment, IPackage } from '../api/types';

/** What a kernel may have loaded: what stood in its environment at the start, and what came since. */
interface IStart {
  /** Tells whether anything may have changed; see `stampOf`. */
  stamp: string;
  versions: { [name: string]: string };
}

const KEY = 'jupyter-envs:kernel-starts';

/** More than run at a time; the oldest go. */
const MOST = 50;

/**
 * Knows which packages changed under running kernels.
 *
 * A server does not tell when a kernel started, so that is noted here at the first
 * sight of it, and kept over a reload of the page.
 */
export class KernelStarts {
  constructor(private readonly _options: KernelStarts.IOptions) {
    try {
      const kept = JSON.parse(_options.storage.getItem(KEY) ?? '[]');
      this._starts = new Map(kept);
    } catch {
      this._starts = new Map();
    }
  }

  /** A kernel began anew; what stood before no longer counts. */
  forget(kernelId: string): void {
    this._starts.delete(kernelId);
    this._compared.delete(kernelId);
    this._save();
  }

  /**
   * The packages of `environment` that another version, or nothing, took the place of
   * since the kernel started. What was added needs no restart.
   *
   * Rejects with a RequestError.
   */
  async changes(kernelId: string, environment: IEnvironment): Promise<ReadonlyArray<string>> {
    const stamp = stampOf(environment);
    const start = this._starts.get(kernelId);
    if (start?.stamp === stamp) {
      return [];
    }
    const compared = this._compared.get(kernelId);
    if (compared?.stamp === stamp) {
      return compared.changes;
    }
    const changes = this._options
      .packages(environment.id)
      .then(packages => this._compare(kernelId, stamp, versionsOf(packages)));
    this._compared.set(kernelId, { stamp, changes });
    changes.catch(() => this._compared.delete(kernelId));
    return changes;
  }

  private _compare(
    kernelId: string,
    stamp: string,
    now: IStart['versions']
  ): ReadonlyArray<string> {
    const start = this._starts.get(kernelId);
    if (!start) {
      this._starts.set(kernelId, { stamp, versions: now });
      this._save();
      return [];
    }
    const { versions } = start;
    const changed = Object.keys(versions).filter(name => versions[name] !== now[name]);
    // What was added may be loaded from now on.
    start.versions = { ...now, ...versions };
    this._save();
    return changed;
  }

  private _save(): void {
    const kept = [...this._starts].slice(-MOST);
    try {
      this._options.storage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // A full or forbidden storage costs the memory over a reload only.
    }
  }

  private readonly _starts: Map<string, IStart>;
  private readonly _compared = new Map<
    string,
    { stamp: string; changes: Promise<ReadonlyArray<string>> }
  >();
}

function stampOf(environment: IEnvironment): string {
  return `${environment.prefix} ${environment.revision} ${environment.modified}`;
}

function versionsOf(packages: ReadonlyArray<IPackage>): IStart['versions'] {
  return Object.fromEntries(packages.map(({ name, version }) => [name, version]));
}

export namespace KernelStarts {
  export interface IOptions {
    packages: (id: string) => Promise<ReadonlyArray<IPackage>>;
    storage: Pick<Storage, 'getItem' | 'setItem'>;
  }
}
