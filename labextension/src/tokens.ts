import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type {
  IActivation,
  IChange,
  ICreate,
  IDisk,
  IEnvironment,
  IErrorBody,
  IExport,
  IFormat,
  IFound,
  IGoneKernel,
  IInspect,
  IInspected,
  IInterpreter,
  IPythonDownload,
  IJob,
  ILogLine,
  IManager,
  INotebookRecord,
  IPackage,
  IPlan,
  IProblem,
  IProject,
  IProviders,
  IRebuild,
  IRebuilding,
  IRevision,
  IRollback,
  ISource,
  ITerms,
  ITreeNode,
  IVersions
} from './api/types';

/** Why the last request for the list failed; `offline` when the server did not answer at all. */
export interface IFailure extends IErrorBody {
  offline: boolean;
}

/** The log of one job, growing while it is watched. */
export interface IJobLog extends IDisposable {
  readonly lines: ReadonlyArray<ILogLine>;
  readonly changed: ISignal<IJobLog, void>;
}

/** Where a job was asked for, and where the user goes on after it. */
export interface IPlace {
  /** Whether the user sees there that the job has ended, and what comes next. */
  tells(): boolean;
  /** What leads there; null when the user is there, or there is nothing left to do. */
  way(): { label: string; callback: () => void } | null;
}

/** The jobs of the server, of this and every other client. */
export interface IJobsModel extends IDisposable {
  /** Newest first. */
  readonly jobs: ReadonlyArray<IJob>;
  readonly changed: ISignal<IJobsModel, void>;
  /** Emitted once for each job that ended while this model watched. */
  readonly ended: ISignal<IJobsModel, IJob>;
  /** Those that run or wait, and those that failed and were not dismissed. */
  readonly shown: ReadonlyArray<IJob>;
  /** Whether this tab asked for the job. */
  isOwn(id: string): boolean;
  /** Where the job goes on, for who wants to know; by default nowhere in particular. */
  placeOf(id: string): IPlace | null;
  setPlace(id: string, place: IPlace): void;
  /** What asks for the same as the job did; null where another page, or nobody any more, knows that. */
  againOf(id: string): (() => Promise<IJob>) | null;
  refresh(): Promise<void>;
  /** Follows `job` and resolves with it when it has ended, in whatever way. */
  over(job: IJob): Promise<IJob>;
  cancel(id: string): Promise<void>;
  dismiss(id: string): void;
  /** The log of a job from its first line; the caller disposes it. */
  watch(id: string): IJobLog;
}

/** What can be asked of the server without changing anything; each rejects with a RequestError. */
export interface IReads {
  packages(id: string): Promise<ReadonlyArray<IPackage>>;
  tree(id: string): Promise<ReadonlyArray<ITreeNode>>;
  /** Newest first. */
  history(id: string): Promise<ReadonlyArray<IRevision>>;
  health(id: string): Promise<ReadonlyArray<IProblem>>;
  formats(): Promise<ReadonlyArray<IFormat>>;
  /** The environment as a file of the format of this name. */
  exportAs(id: string, format: string): Promise<IExport>;
  /** Known packages whose name holds `q`. */
  search(q: string, source?: ISource): Promise<ReadonlyArray<IFound>>;
  /** What the index, or the source, has of a package. */
  versions(name: string, source?: ISource): Promise<IVersions>;
  /** The terms of a channel, or of those of the settings; none where there are no terms. */
  terms(channel?: string): Promise<ReadonlyArray<ITerms>>;
  /** The packages that bring a module, dotted or not. */
  providers(module: string, environment?: string, notebook?: string): Promise<IProviders>;
  /** What to type in a terminal to work in an environment. */
  activation(id: string): Promise<IActivation>;
  /** What everything takes on disk, as it was counted last. */
  disk(): Promise<IDisk>;
  /** The kernels whose environment is not there. */
  goneKernels(): Promise<ReadonlyArray<IGoneKernel>>;
  /** What a notebook in the environment should carry. */
  notebookRecord(id: string, place: 'cell' | 'metadata'): Promise<INotebookRecord>;
  /** What a file asks for. */
  inspect(request: IInspect): Promise<IInspected>;
}

/** What the panel and other extensions know of the environments on the server. */
export interface IEnvironmentManager extends IDisposable {
  readonly jobs: IJobsModel;
  readonly reads: IReads;
  /** Null until the first answer. */
  readonly environments: ReadonlyArray<IEnvironment> | null;
  /** Those of the folder at hand, and those whose environments are known; none before the first answer. */
  readonly projects: ReadonlyArray<IProject>;
  /** Null unless the last refresh failed; what was known before stays. */
  readonly failure: IFailure | null;
  readonly changed: ISignal<IEnvironmentManager, void>;
  /**
   * Keeps the list current until the result is disposed; the first watcher loads it.
   *
   * @param page - the id of the environment that the watcher is a page of
   */
  watch(page?: string): IDisposable;
  /** Whether a page in view shows the environment, and so what happens to it. */
  isPageInView(id: string): boolean;
  /**
   * Resolves once the list was asked for; a failure is in `failure`, it does not reject.
   *
   * @param again - whether the server looks at the disk instead of trusting what it remembers
   */
  refresh(again?: boolean): Promise<void>;
  /** Rejects with a RequestError. */
  interpreters(): Promise<ReadonlyArray<IInterpreter>>;
  /** The Pythons that can be downloaded; rejects with a RequestError. */
  pythonDownloads(): Promise<ReadonlyArray<IPythonDownload>>;
  /** Rejects with a RequestError. */
  managers(): Promise<ReadonlyArray<IManager>>;
  /** The job that makes the environment; rejects with a RequestError when the request is refused. */
  create(request: ICreate): Promise<IJob>;
  remove(id: string, force?: boolean): Promise<IJob>;
  registerKernel(id: string): Promise<IJob>;
  /** The job that makes or syncs the project's environment and makes it a kernel; with `lock` after its lock file. */
  projectKernel(path: string, lock?: boolean): Promise<IJob>;
  repair(id: string): Promise<IJob>;
  /** The job that changes the packages. */
  change(id: string, change: IChange): Promise<IJob>;
  /** What `change` would do; rejects with a RequestError, also when `signal` ends it. */
  plan(id: string, change: IChange, signal?: AbortSignal): Promise<IPlan>;
  /** The job that makes the environment that a notebook carries. */
  rebuild(request: IRebuild): Promise<IJob>;
  /** What `rebuild` would install; rejects with a RequestError, also when `signal` ends it. */
  rebuilding(request: IRebuild, signal?: AbortSignal): Promise<IRebuilding>;
  /** A new name, which gives the environment a new id too, or a new display name of its kernel. */
  update(id: string, names: { name?: string; display_name?: string }): Promise<IJob>;
  clone(id: string, name: string): Promise<IJob>;
  /** The job that brings a revision back. */
  rollback(id: string, rollback: IRollback): Promise<IJob>;
  /** What `rollback` would do; rejects with a RequestError, also when `signal` ends it. */
  planRollback(id: string, revision: number, signal?: AbortSignal): Promise<IPlan>;
  /** Has the server remember that the user accepts the terms of these channels. */
  acceptTerms(channels: ReadonlyArray<string>): Promise<void>;
  unregisterKernel(id: string): Promise<void>;
  /** Deletes the kernels whose environment is gone; with `unmounted` also those whose disk may not be mounted. */
  pruneKernels(unmounted: boolean): Promise<void>;
  /** The job that counts what everything takes on disk; with `again` also what seems not to have changed. */
  countDisk(again: boolean): Promise<IJob>;
  /** The job that empties a cache; its result tells the bytes `freed`. */
  cleanCache(name: string): Promise<IJob>;
  /** How many kernels of the environment run now. */
  running(environment: IEnvironment): number;
}

export const IEnvironmentManager = new Token<IEnvironmentManager>(
  'jupyter-envs:IEnvironmentManager',
  'The environments of the server: list, create, remove, and the jobs that do it.'
);

/** What is asked within the row of an environment before anything is done. */
export type Question = 'remove' | 'rename' | 'display-name' | 'clone' | 'export';

/** The panel, as far as commands reach into it. */
export interface IEnvironmentsPanel {
  /** The environment of the row that has, or had last, the focus. */
  readonly active: IEnvironment | null;
  /** Shows the panel with the question in the environment's row. */
  ask(environment: IEnvironment, question: Question): void;
  /** Does it; a refusal is told in the environment's row. */
  act(environment: IEnvironment, action: 'register' | 'unregister' | 'repair'): void;
  /** Shows the panel with the log of a job. */
  showLog(job: IJob): void;
}

export const IEnvironmentsPanel = new Token<IEnvironmentsPanel>(
  'jupyter-envs:IEnvironmentsPanel',
  'The Environments panel: its active row, and what can be asked there.'
);
