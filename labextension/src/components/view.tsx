import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, ellipsesIcon, refreshIcon } from '@jupyterlab/ui-components';
import React, { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import type {
  ICreate,
  IEnvironment,
  IErrorBody,
  IInterpreter,
  IPythonDownload,
  IJob,
  IManager,
  IProject
} from '../api/types';
import type { IFile, IForm } from '../model/creation';
import type { IImported, IParts } from '../model/draft';
import type { IFolder } from '../model/folder';
import { matching, matchingProjects } from '../model/groups';
import type { LookupsBySource } from '../model/lookups';
import type { ITermsActions } from '../model/terms';
import type { IFailure, IJobLog } from '../tokens';
import type { IRowActions } from './environmentrow';
import { deferred } from './deferred';
import { EnvironmentList, type IAsking } from './environmentlist';
import type { IExportFileProps } from './exportfile';
import { FilterField } from './filterfield';
import { IconButton } from './iconbutton';
import { JobList, type ILogWish } from './jobs';
import { MenuButton } from './menubutton';
import type { IAnswers } from './question';
import { DropHint, EmptyState, FailureState, LoadingState, NothingFound } from './states';

export interface IViewProps {
  environments: ReadonlyArray<IEnvironment> | null;
  projects: ReadonlyArray<IProject>;
  failure: IFailure | null;
  jobs: ReadonlyArray<IJob>;
  runningOf: (environment: IEnvironment) => number;
  grouped: boolean;
  /** The manager that the user prefers; empty for the server's choice. */
  manager: string;
  /** What the form for a new environment starts with; null while it is closed. */
  form: IForm | null;
  /** Whether a file is dragged over the panel. */
  dragging: boolean;
  /** The file that was given to the form last. */
  imported: IImported | null;
  /** The question that is asked in a row. */
  asking: IAsking | null;
  /** Why the last action on an environment was refused, by its id. */
  errors: ReadonlyMap<string, IErrorBody>;
  logWish: ILogWish | null;
  /** What happened last, for screen readers. */
  announcement: string;
  actions: IRowActions;
  answers: IAnswers;
  lookups: LookupsBySource;
  loadInterpreters: () => Promise<ReadonlyArray<IInterpreter>>;
  loadDownloads: () => Promise<ReadonlyArray<IPythonDownload>>;
  loadManagers: () => Promise<ReadonlyArray<IManager>>;
  files: IExportFileProps['files'];
  onRefresh: () => void;
  /** A project is to be a kernel; with `lock` its lock file is brought up to date first. */
  onMakeProject: (project: IProject, lock: boolean) => void;
  onShowDisk: () => void;
  onShowForm: (show: boolean) => void;
  /** Files were chosen, together from one folder. */
  onImport: (files: ReadonlyArray<IFile>) => void;
  /** A folder was chosen. */
  onImportFolder: (folder: IFolder) => void;
  /** Other optional parts of the imported file are wanted. */
  onParts: (parts: IParts) => void;
  /** Nothing of the imported file is wanted. */
  onLeaveOut: () => void;
  /** Null when the job was started, else why it was refused. */
  onCreate: (request: ICreate, inNotebook: boolean) => Promise<IErrorBody | null>;
  onCancelJob: (job: IJob) => void;
  onDismissJob: (job: IJob) => void;
  /** What asks again for what a job failed to do; null where this page does not know that. */
  againOf: (job: IJob) => (() => void) | null;
  terms: ITermsActions;
  watchLog: (job: IJob) => IJobLog;
  trans: TranslationBundle;
}

const NewForm = deferred(async () => (await import('./newform')).NewForm);

/** The whole panel; what it shows comes in, what is clicked goes out. */
export function EnvironmentsView(props: IViewProps): JSX.Element {
  const { environments, failure, form, trans } = props;
  const [query, setQuery] = useState('');
  const filter = useRef<HTMLInputElement>(null);

  const shown = useMemo(() => matching(environments ?? [], query), [environments, query]);
  const projects = useMemo(() => matchingProjects(props.projects, query), [props.projects, query]);
  // The environment that Jupyter itself runs in is nearly always there, and nobody's own.
  const hasOwn = environments?.some(known => !known.protected) ?? false;
  const taken = useMemo(
    () => (environments ?? []).filter(known => known.managed).map(known => known.name),
    [environments]
  );
  // Who clicks and types at once is not to type into a form that is still to come.
  const isLoaded = environments !== null;
  useEffect(() => {
    if (isLoaded) {
      NewForm.preload();
    }
  }, [isLoaded]);
  const toFilter = useCallback(() => filter.current?.focus(), []);

  return (
    <div className="jp-Environments-view">
      <div className="jp-Environments-head">
        <h2>{trans.__('Environments')}</h2>
        <IconButton
          icon={addIcon}
          label={trans.__('New environment')}
          onClick={() => props.onShowForm(true)}
        />
        <IconButton icon={refreshIcon} label={trans.__('Refresh')} onClick={props.onRefresh} />
        <MenuButton
          icon={ellipsesIcon}
          label={trans.__('More actions')}
          items={[{ label: trans.__('Disk usage'), onClick: props.onShowDisk }]}
        />
      </div>
      {form && (
        <NewForm
          key={`${form.wish} ${form.notebook} ${form.packages}`}
          form={form}
          taken={taken}
          manager={props.manager}
          imported={props.imported}
          lookups={props.lookups}
          terms={props.terms}
          loadInterpreters={props.loadInterpreters}
          loadDownloads={props.loadDownloads}
          loadManagers={props.loadManagers}
          onImport={props.onImport}
          onImportFolder={props.onImportFolder}
          onParts={props.onParts}
          onLeaveOut={props.onLeaveOut}
          onCreate={props.onCreate}
          onCancel={() => props.onShowForm(false)}
          trans={trans}
        />
      )}
      {environments !== null && environments.length > 0 && (
        <FilterField
          inputRef={filter}
          label={trans.__('Filter environments')}
          value={query}
          onChange={setQuery}
          trans={trans}
        />
      )}
      {failure && <FailureState failure={failure} onRetry={props.onRefresh} trans={trans} />}
      {environments === null && failure === null && <LoadingState trans={trans} />}
      {!hasOwn && environments !== null && !form && !failure && props.jobs.length === 0 && (
        <EmptyState onNew={() => props.onShowForm(true)} trans={trans} />
      )}
      {environments !== null && environments.length > 0 && shown.length + projects.length === 0 && (
        <NothingFound query={query} onClear={() => setQuery('')} trans={trans} />
      )}
      {shown.length + projects.length > 0 && (
        <EnvironmentList
          {...props.actions}
          environments={shown}
          projects={projects}
          onMakeProject={props.onMakeProject}
          grouped={props.grouped}
          runningOf={props.runningOf}
          asking={props.asking}
          answers={props.answers}
          taken={taken}
          files={props.files}
          errors={props.errors}
          onFilter={toFilter}
          trans={trans}
        />
      )}
      <JobList
        jobs={props.jobs}
        logWish={props.logWish}
        onCancel={props.onCancelJob}
        onDismiss={props.onDismissJob}
        againOf={props.againOf}
        terms={props.terms}
        watchLog={props.watchLog}
        trans={trans}
      />
      {props.dragging && <DropHint trans={trans} />}
      <div className="jp-sr-only" role="status" aria-live="polite">
        {props.announcement}
      </div>
    </div>
  );
}
