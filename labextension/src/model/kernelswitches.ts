import { Signal } from '@lumino/signaling';

import type { IEnvironment, IJob } from '../api/types';
import type { IJobsModel } from '../tokens';
import { isOver } from './jobs';

const KEY = 'jupyter-envs:kernel-switches';

/** Gives notebooks the kernels that were asked for from them, once these are made, a reload in between or not. */
export class KernelSwitches {
  constructor(private readonly _options: KernelSwitches.IOptions) {
    try {
      this._pending = new Map(JSON.parse(_options.storage.getItem(KEY) ?? '[]'));
    } catch {
      this._pending = new Map();
    }
    _options.jobs.changed.connect(this.look, this);
    this.look();
  }

  dispose(): void {
    Signal.clearData(this);
  }

  /** The notebooks that wait, by the job that each waits for. */
  get pending(): ReadonlyMap<string, string> {
    return this._pending;
  }

  /** When the job `id` has made an environment, its kernel becomes that of the notebook at `path`. */
  expect(id: string, path: string): void {
    this._pending.set(id, path);
    this._save();
    this.look();
  }

  /** Does what can be done by now; to be called when a notebook was opened. */
  look(): void {
    for (const [id, path] of this._pending) {
      const job = this._options.jobs.jobs.find(known => known.id === id);
      if (!job || !isOver(job)) {
        continue;
      }
      const kernel = job.state === 'succeeded' ? kernelOf(job) : null;
      // After a reload the notebook may be still to come.
      if (kernel === null || this._options.onReady(path, kernel)) {
        this._pending.delete(id);
        this._save();
      }
    }
  }

  private _save(): void {
    try {
      this._options.storage.setItem(KEY, JSON.stringify([...this._pending]));
    } catch {
      // Without storage a reload forgets the wish; the kernel is in the picker all the same.
    }
  }

  private readonly _pending: Map<string, string>;
}

/** The kernel that a job brought, by its result. */
export function kernelOf(job: IJob): string | null {
  const environment = job.result?.environment as IEnvironment | undefined;
  return environment?.kernels?.[0]?.name ?? null;
}

export namespace KernelSwitches {
  export interface IOptions {
    jobs: Pick<IJobsModel, 'jobs' | 'changed'>;
    storage: Pick<Storage, 'getItem' | 'setItem'>;
    /** Whether the notebook is open and gets the kernel. */
    onReady: (path: string, kernel: string) => boolean;
  }
}
