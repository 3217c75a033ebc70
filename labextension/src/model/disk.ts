import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { errorBodyOf } from '../api/request';
import type { IDisk, IErrorBody, IGoneKernel, IJob } from '../api/types';
import type { IEnvironmentManager, IPlace } from '../tokens';
import { isOver } from './jobs';
import { Resource } from './resource';

/** What came of the last cleaning. */
export interface ICleaned {
  /** The name of the cache. */
  name: string;
  /** In bytes; null while it is under way. */
  freed: number | null;
}

/** What environments and caches take on disk, counted when somebody looks and it is not known. */
export class DiskModel implements IDisposable {
  constructor(private readonly _options: DiskModel.IOptions) {
    const { manager } = _options;
    this.disk = new Resource(
      () => manager.reads.disk(),
      () => this._emit()
    );
    this.gone = new Resource(
      () => manager.reads.goneKernels(),
      () => this._emit()
    );
    manager.jobs.changed.connect(this._emit, this);
  }

  /** As counted last. */
  readonly disk: Resource<IDisk>;
  /** The kernels whose environment is not there. */
  readonly gone: Resource<ReadonlyArray<IGoneKernel>>;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The job that counts or cleans now. */
  get job(): IJob | null {
    const id = this._jobId;
    const job = this._options.manager.jobs.jobs.find(known => known.id === id);
    return job && !isOver(job) ? job : null;
  }

  /** Why the last counting or cleaning did not succeed. */
  get error(): IErrorBody | null {
    return this._error;
  }

  get cleaned(): ICleaned | null {
    return this._cleaned;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Reads what is known, and counts again where that is no longer so. */
  async show(): Promise<void> {
    void this.gone.read();
    await this.disk.read();
    if (this.disk.value?.stale && !this.job) {
      await this.count(false);
    }
  }

  /** Counts; with `again` also what seems not to have changed. */
  async count(again: boolean): Promise<void> {
    if ((await this._run(this._options.manager.countDisk(again))) !== null) {
      await this.disk.read();
    }
  }

  /** Deletes the kernels whose environment is gone. */
  async prune(unmounted: boolean): Promise<void> {
    this._error = null;
    try {
      await this._options.manager.pruneKernels(unmounted);
    } catch (error) {
      this._error = errorBodyOf(error);
    }
    await this.gone.read();
    this._emit();
  }

  async clean(name: string): Promise<void> {
    this._cleaned = { name, freed: null };
    const result = await this._run(this._options.manager.cleanCache(name));
    this._cleaned = result && { name, freed: Number(result.freed ?? 0) };
    this._emit();
    if (result) {
      await this.count(false);
    }
  }

  cancel(job: IJob): void {
    this._options.manager.jobs.cancel(job.id).catch(() => undefined);
  }

  /** The result of the job that `sent` starts, or null when it has none. */
  private async _run(sent: Promise<IJob>): Promise<IJob['result']> {
    this._error = null;
    this._emit();
    try {
      const begun = await sent;
      const { jobs } = this._options.manager;
      this._jobId = begun.id;
      jobs.setPlace(begun.id, this._options.place);
      const job = await jobs.over(begun);
      if (job.state === 'failed') {
        this._error = job.error;
      }
      return job.state === 'succeeded' ? (job.result ?? {}) : null;
    } catch (error) {
      this._error = errorBodyOf(error);
      return null;
    } finally {
      this._emit();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _jobId: string | null = null;
  private _error: IErrorBody | null = null;
  private _cleaned: ICleaned | null = null;
  private _isDisposed = false;
}

export namespace DiskModel {
  export interface IOptions {
    manager: Pick<
      IEnvironmentManager,
      'jobs' | 'reads' | 'countDisk' | 'cleanCache' | 'pruneKernels'
    >;
    /** Where the outcome is told. */
    place: IPlace;
  }
}
