/** What the server's REST interface sends and takes; `openapi.json` of the server is the reference. */

export type EnvironmentState = 'ready' | 'busy' | 'broken';

export interface IPython {
  version: string | null;
  implementation: string | null;
  path: string;
  base: string | null;
}

export interface IKernelName {
  name: string;
  display_name: string;
  language: string;
}

export interface IProblem {
  code: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  /** What a repair would do, or null when there is none. */
  repair: string | null;
}

/** An installation of conda, such as Miniforge, and which version of it that is. */
export interface IInstallation {
  name: string;
  version: string | null;
}

/** Times are ISO 8601 UTC, sizes bytes; what is not known is null. */
export interface IEnvironmentBody {
  id: string;
  name: string;
  manager: string;
  kind: 'venv' | 'conda';
  prefix: string;
  python: IPython;
  state: EnvironmentState;
  managed: boolean;
  protected: boolean;
  /** Whether this user made it or adopted it here: nothing is run for another one. */
  adopted?: boolean;
  project: string | null;
  /** The name of the lock file by which a project's tool keeps it. */
  lock?: string | null;
  /** hatch, pdm, tox or nox, where one of them made it for its project. */
  tool?: string | null;
  kernels: ReadonlyArray<IKernelName>;
  created: string | null;
  modified: string | null;
  size: number | null;
  package_count: number | null;
  revision: number | null;
  problems: ReadonlyArray<IProblem>;
  /** What a base environment of conda belongs to. */
  installation?: IInstallation | null;
}

/**
 * What can be done with an environment, whenever it is ready; with `pip_apart` its packages
 * are written as match specs, and those of pip are asked for apart from them.
 */
export interface IAbilities {
  change: boolean;
  clone: boolean;
  rename: boolean;
  rollback: boolean;
  kernel: boolean;
  remove: boolean;
  pip_apart: boolean;
}

/** An environment as the server tells it, with what its manager lets one do. */
export interface IEnvironment extends IEnvironmentBody {
  can: IAbilities;
}

/** A folder whose environment a tool keeps by files in it; `environment` is null while that is not made. */
export interface IProject {
  path: string;
  name: string;
  manager: string;
  lock: string;
  locked: boolean;
  /** Whether the lock file fits what the project asks for, or null. */
  current: boolean | null;
  environment: string | null;
  available: boolean;
  reason: string | null;
  python: string | null;
}

export interface IInterpreter {
  version: string;
  implementation: string;
  architecture: string;
  path: string;
  source: string;
  supported: boolean;
  reason: string | null;
  default: boolean;
}

/** A Python that uv can download; `installed` is whether just that version is here. */
export interface IPythonDownload {
  version: string;
  implementation: string;
  architecture: string;
  installed: boolean;
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';

export interface IProgress {
  phase: string;
  done: number | null;
  total: number | null;
  unit: string | null;
  /** From 0 to 1, or null when the whole is not known. */
  fraction: number | null;
}

export interface IErrorBody {
  message: string;
  reason: string;
  hint: string | null;
  field?: string | null;
  detail?: string | null;
  /** Why a tool failed, where its output tells. */
  cause?: string | null;
  /** What agrees to that which `detail` shows, where an environment has to be adopted. */
  adopt?: string | null;
  /** What can be had that is missing, such as a version of Python. */
  offer?: Record<string, string>;
}

/** An error as it is shown; `agree` does what was refused, once the user agrees that what lies there may run. */
export type ShownError = IErrorBody & { agree?: () => Promise<unknown> };

export interface IJob {
  id: string;
  action: string;
  environment: string | null;
  state: JobState;
  progress: IProgress;
  created: string;
  started: string | null;
  ended: string | null;
  result: { [key: string]: unknown } | null;
  error: IErrorBody | null;
  title?: string;
}

/** One line of a job's log; `seq` counts from 1 without gaps. */
export interface ILogLine {
  seq: number;
  time: string;
  stream: 'out' | 'err' | 'info';
  text: string;
}

/** With `own_python` it brings a Python of its own. */
export interface ICapabilities extends Partial<IAbilities> {
  create: boolean;
  by_prefix: boolean;
  channels: boolean;
  own_python?: boolean;
}

/** A tool that makes environments; `reason` says why it is not available. */
export interface IManager {
  name: string;
  title: string;
  description: string;
  version: string | null;
  available: boolean;
  reason: string | null;
  capabilities: ICapabilities;
  default: boolean;
}

/** A new environment, by `name` or by `prefix`, the whole path of its folder. */
export interface ICreate {
  name?: string | null;
  prefix?: string | null;
  manager?: string | null;
  python?: string | null;
  packages?: string[];
  /** What pip brings beside conda's packages. */
  pip_packages?: string[];
  channels?: string[];
  /** What is asked beside the indexes of the settings, from then on. */
  indexes?: string[];
  find_links?: string[];
  /** A file as it was inspected. */
  from?: object | null;
  /** Whether what a file asks for may be built and its addresses used; null for what is typed. */
  build?: boolean | null;
  /** Whether a Python that is not here is downloaded first. */
  install_python?: boolean;
  kernel?: { register?: boolean; display_name?: string | null };
}

/** `latest` is null where the index was not asked; `requested` where it is not known. */
export interface IPackage {
  name: string;
  version: string;
  latest: string | null;
  requested: boolean | null;
  manager: 'pip' | 'conda';
  installer: string | null;
  channel: string | null;
  build: string | null;
  size: number | null;
  summary: string | null;
  editable: boolean;
  url: string | null;
}

/** Names as the index writes them, in lower case with single dashes. */
export interface ITreeNode {
  name: string;
  version: string;
  requested: boolean | null;
  requires: ReadonlyArray<string>;
  required_by: ReadonlyArray<string>;
  missing: ReadonlyArray<string>;
}

export interface IPin {
  name: string;
  version: string;
  size: number | null;
}

/** `warnings` say what will not be, or is not, quite as it was asked for. */
export interface IPlan {
  added: ReadonlyArray<IPin>;
  changed: ReadonlyArray<{ name: string; from: string; to: string }>;
  removed: ReadonlyArray<IPin>;
  download_size: number | null;
  disk_size: number | null;
  warnings?: ReadonlyArray<string>;
  /** Sent back with the change, just this is done. */
  hash?: string | null;
}

/** What a notebook in an environment should carry. */
export interface INotebookRecord {
  /** A cell's source (PEP 723). */
  block: string;
  metadata: { [key: string]: unknown };
  warnings: ReadonlyArray<string>;
}

export interface IRebuild {
  notebook: string;
  filename: string;
  name?: string;
  exact?: boolean;
  approve?: ReadonlyArray<string>;
  /** Those whose code may run while they are installed. */
  build?: ReadonlyArray<string>;
  /** The hash of the list that was shown. */
  plan?: string;
}

/** A package that a rebuild would install. */
export interface IOrigin {
  name: string;
  version: string | null;
  source: string;
  /** The notebook itself names it. */
  asked: boolean;
  /** Approved earlier, from this source. */
  approved: boolean;
  hashed: boolean;
  /** Code of the package runs while it is installed. */
  builds?: boolean;
  /** Who brings it. */
  manager: 'pip' | 'conda';
  /** The much used name that this one looks like a slip of. */
  meant: string | null;
}

/** What a rebuild would make. */
export interface IRebuilding {
  name: string;
  /** Who makes it; null for the default. */
  manager: string | null;
  python: string | null;
  exact: boolean;
  has_lock: boolean;
  /** The notebook says so itself; else it is a guess from its cells. */
  declared: boolean;
  /** Nothing else would come. */
  complete: boolean;
  packages: ReadonlyArray<IOrigin>;
  warnings: ReadonlyArray<string>;
  /** Stands for the whole list. */
  plan?: string;
}

/** The way back to a revision. */
export interface IRollback {
  revision: number | null;
  /** The hash of the plan that was shown. */
  plan?: string;
}

export interface IRevision {
  revision: number;
  time: string;
  by: 'rest' | 'cli' | 'magic' | 'outside';
  action: string;
  asked: { [key: string]: unknown };
  plan: IPlan;
  /** Who was logged in on the server's machine. */
  user?: string | null;
}

/** A kernel whose environment is not there; not `mounted`, its disk may only not be mounted now. */
export interface IGoneKernel {
  name: string;
  display_name: string;
  prefix: string;
  mounted: boolean;
}

/** `exclusive` comes free when it is removed, `shared` is held by others as well; in bytes. */
export interface IEnvironmentUse {
  id: string;
  name: string;
  prefix: string;
  size: number;
  exclusive: number;
  shared: number;
}

export interface ICacheUse {
  name: string;
  title: string;
  path: string;
  size: number;
  cleanable: boolean;
  exclusive: number;
}

/** `counted` is null before the first count; `stale` says that something has changed since. */
export interface IDisk {
  counted: string | null;
  stale: boolean;
  environments: ReadonlyArray<IEnvironmentUse>;
  caches: ReadonlyArray<ICacheUse>;
  total: number;
  free: number;
  capacity: number;
}

export interface IFormat {
  name: string;
  title: string;
  filename: string;
  imports: boolean;
  exports: boolean;
}

/** `text` is what can be shown of the file; an archive has none. */
export interface IExport {
  filename: string;
  text: string;
  content: BlobPart;
}

export interface IFound {
  name: string;
  summary: string | null;
  source: 'installed' | 'popular' | 'index' | 'channel';
}

/**
 * Where packages are looked for: with a manager that has channels in those of its settings, or in
 * `channel`; else where the environment of the id `environment` takes its packages from.
 */
export interface ISource {
  manager?: string;
  channel?: string;
  environment?: string;
}

export interface IVersions {
  name: string;
  /** Newest first. */
  versions: ReadonlyArray<string>;
  summary: string | null;
}

/** One file by `filename` and `text`, or several of one folder as `files`; with the optional parts wanted of it. */
export interface IInspect {
  filename?: string;
  text?: string;
  files?: { [path: string]: string };
  extras?: ReadonlyArray<string>;
  groups?: ReadonlyArray<string>;
  /** Those that the file names and the user allows. */
  indexes?: ReadonlyArray<string>;
  find_links?: ReadonlyArray<string>;
}

/** `create` holds `from` where its packages alone do not say all, as of a lock. */
export interface IInspected {
  format: string;
  filename: string;
  create: Partial<ICreate>;
  /** What of it is not taken, or not quite as it stands there. */
  warnings: ReadonlyArray<string>;
  /** Whether it is a lock. */
  exact: boolean;
  /** The version that it takes. */
  python: string | null;
  /** A specifier (PEP 440). */
  requires_python: string | null;
  summary: {
    packages: number;
    /** So many of them are compared to hashes. */
    hashed: number;
    constraints: number;
    editable: number;
    channels: number;
  };
  /** Optional parts that can be asked for. */
  extras: ReadonlyArray<string>;
  groups: ReadonlyArray<string>;
  /** Addresses in it that are not asked unless the user allows it; a password in one is `****`. */
  indexes: ReadonlyArray<string>;
  find_links: ReadonlyArray<string>;
}

/** What to type in a terminal; `shell` is what the terminals of the server run. */
export interface IActivation {
  shell: string;
  /** Whether this user made the environment or adopted it here. */
  adopted?: boolean;
  lines: ReadonlyArray<{ shell: string; command: string }>;
}

/** A distribution that brings a module; `environments` holds the ids of those that have it. */
export interface IProvider {
  name: string;
  source: 'installed' | 'known' | 'guess';
  environments: ReadonlyArray<string>;
}

/** The most likely first; none when the module's name says nothing. */
export interface IProviders {
  module: string;
  distributions: ReadonlyArray<IProvider>;
  /** A sentence: why no package is right, what replaced the module, or how little is known. */
  note?: string;
  /** A file of the user's beside the notebook has the name. */
  own?: boolean;
}

/** Under what a channel may be used, to be read at `url`; `accepted` is when the user did, or null. */
export interface ITerms {
  channel: string;
  title: string;
  url: string | null;
  accepted: string | null;
}

/**
 * `install` and `upgrade` hold requirements, or match specs where those of pip are apart
 * (`pip_packages`, `pip_upgrade`); `remove` holds names. With `or_pip` pip brings what no channel has.
 */
export interface IChange {
  install?: ReadonlyArray<string>;
  upgrade?: ReadonlyArray<string>;
  pip_packages?: ReadonlyArray<string>;
  pip_upgrade?: ReadonlyArray<string>;
  or_pip?: boolean;
  remove?: ReadonlyArray<string>;
  upgrade_all?: boolean;
  /** The hash of the plan that was shown. */
  plan?: string;
}
