import type { Event, Kernel, KernelSpec } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Agreed, Client } from '../api/client';
import { RequestError } from '../api/request';
import type {
  IChange,
  ICreate,
  IEnvironment,
  IEnvironmentBody,
  IInterpreter,
  IPythonDownload,
  IJob,
  IManager,
  IPlan,
  IProject,
  IRebuild,
  IRebuilding,
  IRollback
} from '../api/types';
import type { IEnvironmentManager, IFailure, IReads } from '../tokens';
import { abilitiesOf } from './abilities';
import { asking } from './adoption';
import type { JobsModel } from './jobs';
import { countByName, sameKernels } from './kernels';

/** The schema of the server's events for changes of environments, without its version. */
const ENVIRONMENT_EVENTS = 'https://schema.jupyter.org/jupyter_envs/environments/';

/** Between two looks at a list that nothing was heard of, where the server tells of changes and where it cannot. */
const INTERVAL_MS = 300000;
const INTERVAL_WITHOUT_EVENTS_MS = 30000;

/** The server measures a new environment when its job is over; by then it has. */
const MEASURED_MS = 3000;

/** The server's environments, kept current while somebody watches. */
export class EnvironmentManager implements IEnvironmentManager {
  constructor(options: EnvironmentManager.IOptions) {
    this._client = options.client;
    this.jobs = options.jobs;
    this._specs = options.kernelspecs ?? null;
    this._kernels = options.kernels ?? null;
    this._measuredMs = options.measuredMs ?? MEASURED_MS;
    this.jobs.ended.connect(this._onJobEnded, this);
    options.events?.stream.connect(this._onEvent, this);
    this._kernels?.runningChanged.connect(this._onRunningChanged, this);
    document.addEventListener('visibilitychange', this._onVisibility);
    const interval =
      options.intervalMs ?? (options.events ? INTERVAL_MS : INTERVAL_WITHOUT_EVENTS_MS);
    this._poll = new Poll({
      name: 'jupyter-envs:environments',
      auto: false,
      factory: () => this._load(),
      frequency: { interval, backoff: true, max: 2 * interval },
      standby: () => this._watchers === 0 || document.hidden
    });
  }

  readonly jobs: JobsModel;

  get reads(): IReads {
    return this._client;
  }

  get environments(): ReadonlyArray<IEnvironment> | null {
    return this._environments;
  }

  get projects(): ReadonlyArray<IProject> {
    return this._projects;
  }

  get failure(): IFailure | null {
    return this._failure;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.clearTimeout(this._timer);
    this._poll.dispose();
    this.jobs.dispose();
    document.removeEventListener('visibilitychange', this._onVisibility);
    Signal.clearData(this);
  }

  watch(page: string | null = null): IDisposable {
    this._watchers++;
    this._pages.push(page);
    if (this._watchers === 1) {
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._watchers--;
      this._pages.splice(this._pages.indexOf(page), 1);
    });
  }

  isPageInView(id: string): boolean {
    return this._pages.includes(id);
  }

  refresh(again = false): Promise<void> {
    this._again ||= again;
    if (this._current === null) {
      return this._run();
    }
    // The one under way may have been answered before what the caller knows of.
    this._next ??= this._current.then(() => {
      this._next = null;
      return this._run();
    });
    return this._next;
  }

  interpreters(): Promise<ReadonlyArray<IInterpreter>> {
    return this._client.interpreters();
  }

  pythonDownloads(): Promise<ReadonlyArray<IPythonDownload>> {
    return this._client.pythonDownloads();
  }

  managers(): Promise<ReadonlyArray<IManager>> {
    return this._client.managers();
  }

  create(request: ICreate): Promise<IJob> {
    return this._start(() => this._client.create(request));
  }

  remove(id: string, force = false): Promise<IJob> {
    return this._start(() => this._client.remove(id, force));
  }

  registerKernel(id: string): Promise<IJob> {
    return this._start(adopt => this._client.registerKernel(id, adopt));
  }

  projectKernel(path: string, lock = false): Promise<IJob> {
    return this._start(adopt => this._client.projectKernel(path, lock, adopt));
  }

  repair(id: string): Promise<IJob> {
    return this._start(adopt => this._client.repair(id, adopt));
  }

  change(id: string, change: IChange): Promise<IJob> {
    return this._start(adopt => this._client.change(id, change, false, adopt));
  }

  plan(id: string, change: IChange, signal?: AbortSignal): Promise<IPlan> {
    const sent = asking(adopt => this._client.change(id, change, true, adopt));
    return this._told(sent, 'plan', signal);
  }

  rebuild(request: IRebuild): Promise<IJob> {
    return this._start(() => this._client.rebuild(request));
  }

  rebuilding(request: IRebuild, signal?: AbortSignal): Promise<IRebuilding> {
    return this._told(this._client.rebuild(request, true), 'rebuild', signal);
  }

  update(id: string, names: { name?: string; display_name?: string }): Promise<IJob> {
    return this._start(adopt => this._client.update(id, names, adopt));
  }

  clone(id: string, name: string): Promise<IJob> {
    return this._start(adopt => this._client.clone(id, name, adopt));
  }

  rollback(id: string, rollback: IRollback): Promise<IJob> {
    return this._start(adopt => this._client.rollback(id, rollback, false, adopt));
  }

  planRollback(id: string, revision: number, signal?: AbortSignal): Promise<IPlan> {
    const sent = asking(adopt => this._client.rollback(id, { revision }, true, adopt));
    return this._told(sent, 'plan', signal);
  }

  countDisk(again: boolean): Promise<IJob> {
    return this._start(() => this._client.countDisk(again));
  }

  cleanCache(name: string): Promise<IJob> {
    return this._start(() => this._client.cleanCache(name));
  }

  async acceptTerms(channels: ReadonlyArray<string>): Promise<void> {
    for (const channel of channels) {
      await this._client.acceptTerms(channel);
    }
  }

  async unregisterKernel(id: string): Promise<void> {
    await this._client.unregisterKernel(id);
    this._onJobEnded();
  }

  async pruneKernels(unmounted: boolean): Promise<void> {
    await this._client.pruneKernels(unmounted);
    this._refreshSpecs();
  }

  running(environment: IEnvironment): number {
    if (!this._kernels || environment.kernels.length === 0) {
      return 0;
    }
    this._runningByName ??= countByName(this._kernels);
    let count = 0;
    for (const kernel of environment.kernels) {
      count += this._runningByName.get(kernel.name) ?? 0;
    }
    return count;
  }

  /** What a job that changes nothing finds out, by its name in the result. */
  private async _told<T>(sent: Promise<IJob>, name: string, signal?: AbortSignal): Promise<T> {
    const begun = await sent;
    const cancel = () => void this.jobs.cancel(begun.id).catch(() => undefined);
    if (signal?.aborted) {
      cancel();
    }
    signal?.addEventListener('abort', cancel);
    const job = await this.jobs.over(begun);
    signal?.removeEventListener('abort', cancel);
    const found = job.result?.[name] as T | undefined;
    if (job.state === 'succeeded' && found) {
      return found;
    }
    throw new RequestError(200, job.error ?? { message: job.state, reason: job.state, hint: null });
  }

  private _start(send: (adopt: Agreed) => Promise<IJob>): Promise<IJob> {
    return asking(async adopt => {
      const job = await send(adopt);
      this.jobs.started(job, () => this._start(send));
      return job;
    });
  }

  private _run(): Promise<void> {
    this._current = this._poll
      .refresh()
      .then(() => this._poll.tick)
      .then(
        () => undefined,
        () => undefined
      )
      .finally(() => {
        this._current = null;
      });
    return this._current;
  }

  private async _load(): Promise<void> {
    try {
      const again = this._again;
      this._again = false;
      const [bodies] = await Promise.all([this._client.environments(again), this._loadJobs()]);
      const environments = bodies && this._completed(bodies);
      const changed = environments !== null || this._failure !== null;
      if (environments && this._environments && !sameKernels(environments, this._environments)) {
        this._refreshSpecs();
      }
      this._environments = environments ?? this._environments ?? [];
      this._failure = null;
      if (changed && !this.isDisposed) {
        this._changed.emit();
      }
      if ((changed || again) && !this.isDisposed) {
        void this._loadMore(again);
      }
    } catch (error) {
      this._failure = failureOf(error);
      // A server that comes back may have other jobs.
      this._jobsLoaded = false;
      if (!this.isDisposed) {
        this._changed.emit();
      }
      throw error;
    }
  }

  private _completed(bodies: ReadonlyArray<IEnvironmentBody>): ReadonlyArray<IEnvironment> {
    return bodies.map(body => ({ ...body, can: abilitiesOf(body, this._managers) }));
  }

  /** What goes with the list and does not keep it waiting; without an answer the list is enough. */
  private async _loadMore(again: boolean): Promise<void> {
    const nothing = () => null;
    const [managers, projects] = await Promise.all([
      this._managers.length > 0 ? null : this._client.managers().catch(nothing),
      this._client.projects(again).catch(nothing)
    ]);
    if (this.isDisposed) {
      return;
    }
    if (managers) {
      this._managers = managers;
      this._environments = this._environments && this._completed(this._environments);
    }
    const changed = JSON.stringify(projects ?? []) !== JSON.stringify(this._projects);
    this._projects = projects ?? [];
    if (managers || changed) {
      this._changed.emit();
    }
  }

  /** Once: afterwards events tell. */
  private async _loadJobs(): Promise<void> {
    if (!this._jobsLoaded) {
      await this.jobs.refresh();
      this._jobsLoaded = true;
    }
  }

  /** Whoever changed something, by whatever tool: the server saw it, and only says so. */
  private _onEvent(_: unknown, emission: Event.Emission): void {
    const ours = emission.schema_id.startsWith(ENVIRONMENT_EVENTS);
    // A hidden tab asks when it is shown again.
    if (ours && this._watchers > 0 && !document.hidden) {
      void this.refresh();
    }
  }

  private _onJobEnded(): void {
    this._refreshSpecs();
    if (this._watchers > 0) {
      void this.refresh().then(() => this._refreshSizes());
    }
  }

  /** Once more after a job, where a size was not known yet. */
  private _refreshSizes(): void {
    window.clearTimeout(this._timer);
    if (!this.isDisposed && this._environments?.some(known => known.size === null)) {
      this._timer = window.setTimeout(() => void this.refresh(), this._measuredMs);
    }
  }

  private _onRunningChanged(): void {
    this._runningByName = null;
    if (this._watchers > 0) {
      this._changed.emit();
    }
  }

  /** Launcher and pickers follow the kernelspecs; in a hidden tab the refresh does nothing. */
  private _refreshSpecs(): void {
    this._specsStale = document.hidden;
    void this._specs?.refreshSpecs().catch(() => undefined);
  }

  private readonly _onVisibility = (): void => {
    if (document.hidden) {
      return;
    }
    if (this._specsStale) {
      this._refreshSpecs();
    }
    if (this._watchers > 0) {
      void this.refresh();
    }
  };

  private readonly _client: Client;
  private readonly _specs: Pick<KernelSpec.IManager, 'refreshSpecs'> | null;
  private readonly _kernels: EnvironmentManager.IKernels | null;
  private readonly _poll: Poll;
  private readonly _measuredMs: number;
  private readonly _changed = new Signal<this, void>(this);
  private _environments: ReadonlyArray<IEnvironment> | null = null;
  private _projects: ReadonlyArray<IProject> = [];
  private _managers: ReadonlyArray<IManager> = [];
  private _failure: IFailure | null = null;
  private _runningByName: Map<string, number> | null = null;
  private _current: Promise<void> | null = null;
  private _next: Promise<void> | null = null;
  private _again = false;
  private _specsStale = false;
  private _timer = 0;
  private _watchers = 0;
  /** The environment that each watcher shows on a page, null for one that shows all. */
  private readonly _pages: Array<string | null> = [];
  private _jobsLoaded = false;
}

function failureOf(error: unknown): IFailure {
  if (error instanceof RequestError) {
    const { message, reason, hint, offline } = error;
    return { message, reason, hint, offline };
  }
  return { message: String(error), reason: 'error', hint: null, offline: false };
}

export namespace EnvironmentManager {
  export type IKernels = Pick<Kernel.IManager, 'running' | 'runningChanged'>;

  export interface IOptions {
    client: Client;
    jobs: JobsModel;
    /** Without it, what others change shows at the next look. */
    events?: Pick<Event.IManager, 'stream'> | null;
    kernelspecs?: Pick<KernelSpec.IManager, 'refreshSpecs'> | null;
    kernels?: IKernels | null;
    intervalMs?: number;
    measuredMs?: number;
  }
}
