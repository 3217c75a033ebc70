import type { Event } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Client } from '../api/client';
import { JobLog } from '../api/log';
import type { IJob, IProgress, JobState } from '../api/types';
import type { IJobLog, IJobsModel, IPlace } from '../tokens';
import { StoredIds } from './storedids';

/** The schema of the server's job events, without its version. */
const JOB_EVENTS = 'https://schema.jupyter.org/jupyter_envs/job/';

/** How long a running job may stay silent before it is asked for; doubles up to the longest. */
const QUIET_MS = 5000;
const LONGEST_QUIET_MS = 30000;

const ENDED: ReadonlySet<JobState> = new Set<JobState>([
  'succeeded',
  'failed',
  'cancelled',
  'interrupted'
]);

/** The action of a job that only looks what a change would do; who asked for it alone needs to know. */
export const PLAN = 'plan';

export function isOver(job: IJob): boolean {
  return ENDED.has(job.state);
}

/** What an event tells of a job; whoever may post events can make one up. */
interface IJobEvent {
  id: string;
  state: JobState;
  progress?: IProgress;
}

/**
 * Follows the server's jobs by its events.
 *
 * Events are shown but not believed: an end is read from the server, since an
 * event can be lost, repeated, or posted by anybody who may execute code.
 */
export class JobsModel implements IJobsModel {
  constructor(options: JobsModel.IOptions) {
    this._client = options.client;
    this._quiet = options.quietMs ?? QUIET_MS;
    this._quietNow = this._quiet;
    this._seen = options.seen ?? new StoredIds();
    this._pending = options.pending ?? new StoredIds();
    options.events?.stream.connect(this._onEvent, this);
  }

  get jobs(): ReadonlyArray<IJob> {
    return [...this._jobs.values()].sort((a, b) => b.created.localeCompare(a.created));
  }

  get shown(): ReadonlyArray<IJob> {
    return this.jobs.filter(
      job =>
        job.action !== PLAN && (!isOver(job) || (this._seen.has(job.id) && FAILED.has(job.state)))
    );
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ended(): ISignal<this, IJob> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Asks for the jobs only if this tab, before it was loaded anew, had asked for one that was not over. */
  async resume(): Promise<void> {
    if (this._pending.size > 0 && !this._listed) {
      await this.refresh().catch(() => undefined);
    }
  }

  /** Rejects with a RequestError. */
  async refresh(): Promise<void> {
    // One that begins while this is asked is not among the answers, and not gone.
    const before = [...this._jobs.keys()];
    const jobs = await this._client.jobs();
    if (this._isDisposed) {
      return;
    }
    const listed = new Set(jobs.map(job => job.id));
    for (const id of before) {
      if (!listed.has(id)) {
        // Pruned on the server.
        this._forget(id);
      }
    }
    for (const job of jobs) {
      this._take(job);
    }
    this._listed = true;
    this._changed.emit();
    this._arm();
  }

  isOwn(id: string): boolean {
    return this._own.has(id) || this._pending.has(id);
  }

  placeOf(id: string): IPlace | null {
    return this._places.get(id) ?? null;
  }

  setPlace(id: string, place: IPlace): void {
    this._places.set(id, place);
  }

  againOf(id: string): (() => Promise<IJob>) | null {
    return this._again.get(id) ?? null;
  }

  /**
   * Takes in the answer to a request that started a job.
   *
   * @param again - asks for the same once more
   */
  started(job: IJob, again?: () => Promise<IJob>): void {
    this._own.add(job.id);
    if (again) {
      this._again.set(job.id, again);
    }
    this._pending.add(job.id);
    this._update(job);
  }

  over(job: IJob): Promise<IJob> {
    this._update(job);
    return new Promise(resolve => {
      const look = () => {
        const now = this._jobs.get(job.id);
        if (!now || isOver(now)) {
          this._changed.disconnect(look);
          resolve(now ?? { ...job, state: 'interrupted' });
        }
      };
      this._changed.connect(look);
      look();
    });
  }

  /** Rejects with a RequestError. */
  async cancel(id: string): Promise<void> {
    this._update(await this._client.cancel(id));
  }

  dismiss(id: string): void {
    this._seen.delete(id);
    this._changed.emit();
  }

  watch(id: string): IJobLog {
    return new JobLog(this._client.settings, id);
  }

  private _onEvent(_: unknown, emission: Event.Emission): void {
    if (!emission.schema_id.startsWith(JOB_EVENTS)) {
      return;
    }
    const event = emission as unknown as IJobEvent;
    this._quietNow = this._quiet;
    const known = this._jobs.get(event.id);
    if (!known || ENDED.has(event.state)) {
      void this._fetch(event.id);
      return;
    }
    if (!isOver(known)) {
      const { state, progress } = event;
      this._jobs.set(known.id, { ...known, state, progress: progress ?? known.progress });
      this._changed.emit();
      this._arm();
    }
  }

  /** Reads one job; one request at a time for each, so that a burst of events costs one. */
  private async _fetch(id: string): Promise<void> {
    if (this._fetching.has(id)) {
      return;
    }
    this._fetching.add(id);
    try {
      const job = await this._client.job(id);
      if (!this._isDisposed) {
        this._update(job, true);
      }
    } catch {
      // Pruned, or the server is away: the next refresh tells.
    } finally {
      this._fetching.delete(id);
    }
  }

  private _update(job: IJob, news = false): void {
    this._take(job, news);
    this._changed.emit();
    this._arm();
  }

  /** Keeps `job`; `news` when an event has just told of it. */
  private _take(job: IJob, news = false): void {
    const before = this._jobs.get(job.id);
    if (before && isOver(before)) {
      // An answer that was under way when the end was read.
      return;
    }
    this._jobs.set(job.id, job);
    if (!isOver(job)) {
      this._seen.add(job.id);
      return;
    }
    // One that ran between two looks ended unseen; those of the first look are history,
    // unless this tab waited for one when it was left.
    const isNews = before || this._listed || news || this._pending.has(job.id);
    if (isNews && FAILED.has(job.state)) {
      this._seen.add(job.id);
    } else if (!FAILED.has(job.state)) {
      this._seen.delete(job.id);
    }
    if (isNews && job.action !== PLAN) {
      this._ended.emit(job);
    }
    this._pending.delete(job.id);
  }

  private _forget(id: string): void {
    this._jobs.delete(id);
    this._seen.delete(id);
    this._pending.delete(id);
    this._places.delete(id);
    this._again.delete(id);
  }

  /** Asks for the running jobs when no event came for a while, as without an event stream. */
  private _arm(): void {
    window.clearTimeout(this._timer);
    if (this._isDisposed || ![...this._jobs.values()].some(job => !isOver(job))) {
      this._quietNow = this._quiet;
      return;
    }
    this._timer = window.setTimeout(() => {
      this._quietNow = Math.min(this._quietNow * 2, LONGEST_QUIET_MS);
      this.refresh().catch(() => this._arm());
    }, this._quietNow);
  }

  private readonly _client: Client;
  private readonly _quiet: number;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, IJob>(this);
  private readonly _jobs = new Map<string, IJob>();
  /** Jobs that ran while somebody watched in this browser, and were not dismissed. */
  private readonly _seen: StoredIds;
  /** Jobs that this tab asked for and that were not over when it last looked. */
  private readonly _pending: StoredIds;
  private readonly _own = new Set<string>();
  private readonly _places = new Map<string, IPlace>();
  private readonly _again = new Map<string, () => Promise<IJob>>();
  private readonly _fetching = new Set<string>();
  private _listed = false;
  private _quietNow: number;
  private _timer = 0;
  private _isDisposed = false;
}

const FAILED: ReadonlySet<JobState> = new Set<JobState>(['failed', 'interrupted']);

export namespace JobsModel {
  export interface IOptions {
    client: Client;
    /** Without it, running jobs are asked for now and then. */
    events?: Pick<Event.IManager, 'stream'> | null;
    /** What a reload of the page keeps; without them nothing is kept. */
    seen?: StoredIds;
    pending?: StoredIds;
    quietMs?: number;
  }
}
