import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { errorBodyOf } from '../api/request';
import type { IChange, IEnvironment, IErrorBody, IJob, IPlan, IVersions } from '../api/types';
import type { IEnvironmentManager } from '../tokens';
import { changeOf, isComplete, isEmptyPlan, NOTHING, without, type IPending } from './changes';
import { isOver, PLAN } from './jobs';
import { LookupsBySource, type ILookups } from './lookups';
import { Newest } from './newest';
import { PageReads, type TabId } from './pagereads';
import { Preview, type PreviewState } from './preview';
import { normalName } from './requirements';

/** How the last job of the environment ended. */
export interface IOutcome {
  job: IJob;
  plan: IPlan | null;
  /** The revision that takes it back, or null where there is none. */
  undo: number | null;
}

/** The way back to a revision, while the user is asked whether to go it. */
export interface IWayBack {
  revision: number;
  preview: PreviewState;
}

/** One environment as its page shows it. */
export class EnvironmentPageModel implements IDisposable {
  constructor(options: EnvironmentPageModel.IOptions) {
    const { manager } = options;
    const { reads } = manager;
    const changed = () => this._emit();
    this._manager = manager;
    this._id = options.id;
    this.reads = new PageReads(reads, () => this._id, changed);
    this._lookups = new LookupsBySource(reads);
    this.newest = new Newest(key => this._versions(key));
    this._preview = new Preview(
      (change, signal) => manager.plan(this._id, change, signal),
      changed,
      options.pauseMs
    );
    this._previewBack = new Preview(
      (revision, signal) => manager.planRollback(this._id, revision, signal),
      changed,
      0
    );
    this.newest.changed.connect(this._emit, this);
    manager.changed.connect(this._onManagerChanged, this);
    manager.jobs.changed.connect(this._emit, this);
    manager.jobs.ended.connect(this._onJobEnded, this);
    this._signature = signatureOf(this.environment);
  }

  readonly reads: PageReads;
  readonly newest: Newest;

  /** It changes when the environment is renamed. */
  get id(): string {
    return this._id;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Where packages are looked for that may be added. */
  get lookups(): ILookups {
    const environment = this.environment;
    return environment?.can.pip_apart
      ? this._lookups.ofEnvironment(environment.id)
      : this._lookups.index;
  }

  /** Null while the list is not known, and when the list does not have it. */
  get environment(): IEnvironment | null {
    return this._manager.environments?.find(known => known.id === this._id) ?? null;
  }

  /** Whether the list is known and does not have it. */
  get isGone(): boolean {
    return (
      this._manager.environments !== null && this.environment === null && this._coming === null
    );
  }

  get running(): number {
    const environment = this.environment;
    return environment ? this._manager.running(environment) : 0;
  }

  /** The names that a new environment cannot have. */
  get takenNames(): ReadonlyArray<string> {
    return (this._manager.environments ?? []).filter(known => known.managed).map(each => each.name);
  }

  /** Newest first, looks ahead left out. */
  get jobs(): ReadonlyArray<IJob> {
    return this._manager.jobs.jobs.filter(
      job => job.environment === this._id && job.action !== PLAN
    );
  }

  /** The job that changes it now. */
  get activeJob(): IJob | null {
    return this.jobs.find(job => !isOver(job)) ?? null;
  }

  get outcome(): IOutcome | null {
    return this._outcome;
  }

  get pending(): IPending {
    return this._pending;
  }

  get preview(): PreviewState {
    return this._preview.current;
  }

  /** Null while nobody asks for one. */
  get wayBack(): IWayBack | null {
    const revision = this._back;
    return revision === null ? null : { revision, preview: this._previewBack.current };
  }

  get tab(): TabId {
    return this._tab;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._watch?.dispose();
    this._preview.show(null);
    this._previewBack.show(null);
    this.newest.dispose();
    Signal.clearData(this);
  }

  /** Reads what the open tab shows, and keeps it current, until `hide`. */
  show(tab: TabId = this._tab): void {
    this._tab = tab;
    this._watch ??= this._manager.watch(this._id);
    this._want();
    this._emit();
  }

  /** Reads what the open tab shows once more, as after a failure. */
  reread(): void {
    this._spoil();
  }

  hide(): void {
    this._watch?.dispose();
    this._watch = null;
  }

  setPending(pending: IPending): void {
    this._pending = pending;
    this._outcome = null;
    this._look();
    this._emit();
  }

  /** Puts away what is told of the last job. */
  dismissOutcome(): void {
    this._outcome = null;
    this._emit();
  }

  /** Does what waits; null when the job was started, else why not. */
  apply(): Promise<IErrorBody | null> {
    this._applied = this._pending;
    const change = { ...this._change, ...agreedTo(this._preview.current) };
    return this._start(this._manager.change(this._id, change));
  }

  /** Asks what the way back to `revision` would do; with null nobody asks any more. */
  lookBack(revision: number | null): void {
    this._back = revision;
    this._previewBack.show(revision);
    this._emit();
  }

  /** Goes the way back as it is shown; null when the job was started, else why not. */
  async goBack(): Promise<IErrorBody | null> {
    const way = this.wayBack;
    if (way?.preview.state !== 'ready') {
      return null;
    }
    const { revision } = way;
    const rollback = { revision, ...agreedTo(way.preview) };
    this.lookBack(null);
    this._wentBack = revision;
    return this._start(this._manager.rollback(this._id, rollback));
  }

  /** Asks again what the waiting changes would do, and for newer versions, as after terms were accepted. */
  lookAgain(): void {
    this.newest.retry();
    this._look();
    this._emit();
  }

  /** What asks for the same once more as `job` did; null where this page does not know that. */
  againOf(job: IJob): (() => Promise<IErrorBody | null>) | null {
    const { jobs } = this._manager;
    const send = jobs.againOf(job.id);
    return (
      send &&
      (() => {
        jobs.dismiss(job.id);
        return this._start(send());
      })
    );
  }

  repair(): Promise<IErrorBody | null> {
    return this._start(this._manager.repair(this._id));
  }

  clone(name: string): Promise<IErrorBody | null> {
    return this._start(this._manager.clone(this._id, name));
  }

  remove(): Promise<IErrorBody | null> {
    // Who was told that kernels run and goes on means it.
    return this._start(this._manager.remove(this._id, this.running > 0));
  }

  update(names: { name?: string; display_name?: string }): Promise<IErrorBody | null> {
    return this._start(
      this._manager.update(this._id, names).then(job => {
        this._coming = job.environment !== this._id ? job.environment : null;
        return job;
      })
    );
  }

  registerKernel(): Promise<IErrorBody | null> {
    return this._start(this._manager.registerKernel(this._id));
  }

  async unregisterKernel(): Promise<IErrorBody | null> {
    try {
      await this._manager.unregisterKernel(this._id);
      return null;
    } catch (error) {
      return errorBodyOf(error);
    }
  }

  cancel(job: IJob): void {
    this._manager.jobs.cancel(job.id).catch(() => undefined);
  }

  private async _start(sent: Promise<IJob>): Promise<IErrorBody | null> {
    this._outcome = null;
    try {
      await sent;
      return null;
    } catch (error) {
      return errorBodyOf(error);
    } finally {
      this._emit();
    }
  }

  /** What is offered of the installed package `key`, by whatever brought it. */
  private _versions(key: string): Promise<IVersions> {
    const item = this.reads.packages.value?.find(known => normalName(known.name) === key);
    const lookups = item?.manager === 'pip' ? this._lookups.index : this.lookups;
    return lookups.versions(item?.name ?? key);
  }

  private _look(): void {
    this._preview.show(isComplete(this._pending) ? this._change : null);
  }

  /** What waits, as a request. */
  private get _change(): IChange {
    const packages = this.reads.packages.value ?? [];
    return changeOf(this._pending, packages, this.environment?.can.pip_apart);
  }

  private _want(): void {
    // Also before the list is known: the page is drawn when both have come.
    if (this._watch && !this.isGone) {
      this.reads.want(this._tab);
    }
  }

  private _spoil(): void {
    this.reads.spoil();
    this._want();
  }

  private _onManagerChanged(): void {
    if (this._coming !== null && this._manager.environments?.some(e => e.id === this._coming)) {
      this._id = this._coming;
      this.reads.activation.spoil();
      this._coming = null;
    }
    const signature = signatureOf(this.environment);
    if (signature !== this._signature) {
      this._signature = signature;
      this._spoil();
    }
    this._want();
    this._emit();
  }

  private _onJobEnded(_: unknown, job: IJob): void {
    if (job.environment !== this._id && job.environment !== this._coming) {
      return;
    }
    if (job.state !== 'succeeded') {
      this._coming = null;
      if (job.error?.reason === PLAN_CHANGED) {
        this._showAnew(job.action);
      }
    } else if (job.action === 'change' && this._applied) {
      this._pending = without(this._pending, this._applied);
      this._applied = null;
      this._look();
    }
    const plan = (job.result?.plan as IPlan | undefined) ?? null;
    this._outcome = { job, plan, undo: null };
    this._spoil();
    this._emit();
    if (job.state === 'succeeded' && UNDOABLE.has(job.action) && plan && !isEmptyPlan(plan)) {
      void this._offerUndo(job);
    }
  }

  /** What would be done by now takes the place of what was shown before. */
  private _showAnew(action: string): void {
    if (action === 'rollback') {
      this.lookBack(this._wentBack);
    } else {
      this._look();
    }
  }

  private async _offerUndo(job: IJob): Promise<void> {
    const environment = job.result?.environment as IEnvironment | undefined;
    const now = environment?.revision ?? null;
    if (now === null) {
      return;
    }
    try {
      const history = await this._manager.reads.history(this._id);
      const undo = history.find(revision => revision.revision < now)?.revision ?? null;
      if (this._outcome?.job.id === job.id) {
        this._outcome = { ...this._outcome, undo };
        this._emit();
      }
    } catch {
      // The history tab says why it cannot be read.
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _manager: IEnvironmentManager;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _preview: Preview<IChange>;
  private readonly _previewBack: Preview<number>;
  private readonly _lookups: LookupsBySource;
  private _id: string;
  /** The id that a rename under way leads to. */
  private _coming: string | null = null;
  private _tab: TabId = 'packages';
  private _signature: string;
  private _pending: IPending = NOTHING;
  private _applied: IPending | null = null;
  private _back: number | null = null;
  /** The revision that this page asked last to go back to. */
  private _wentBack: number | null = null;
  private _outcome: IOutcome | null = null;
  private _watch: IDisposable | null = null;
  private _isDisposed = false;
}

/** The error of a job that would not do what was shown. */
const PLAN_CHANGED = 'plan_changed';

/** What tells the server that the user has seen the plan, so that nothing else is done. */
function agreedTo(shown: PreviewState): { plan?: string } {
  return shown.state === 'ready' && shown.plan.hash ? { plan: shown.plan.hash } : {};
}

/** What the revision before takes back. */
const UNDOABLE: ReadonlySet<string> = new Set(['change', 'rollback']);

/** What differs when an environment's packages may have changed. */
function signatureOf(environment: IEnvironment | null): string {
  const { revision, modified, package_count, state, problems } =
    environment ?? ({} as IEnvironment);
  return JSON.stringify([revision, modified, package_count, state === 'broken', problems?.length]);
}

export namespace EnvironmentPageModel {
  export interface IOptions {
    manager: IEnvironmentManager;
    id: string;
    /** How long to wait after a wish before the server is asked what it would do. */
    pauseMs?: number;
  }
}
