import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId } from 'react';

import type {
  IActivation,
  IEnvironment,
  IErrorBody,
  IExport,
  IJob,
  IPackage,
  IProblem,
  IRevision,
  ITreeNode
} from '../../api/types';
import { NOTHING, type IPending } from '../../model/changes';
import type { IOutcome, IWayBack } from '../../model/environmentpage';
import type { TabId } from '../../model/pagereads';
import type { ILookups } from '../../model/lookups';
import type { Known } from '../../model/newest';
import type { PreviewState } from '../../model/preview';
import type { ITermsActions } from '../../model/terms';
import type { IFailure, IJobLog } from '../../tokens';
import type { IExportFileProps } from '../exportfile';
import type { IRead } from '../readstate';
import { FailureState } from '../states';
import { jobTitle } from '../jobtext';
import { ChangeBar, outcomeText } from './changebar';
import { Head } from './head';
import { HealthTab } from './health';
import { HistoryTab } from './history';
import { JobsTab } from './jobs';
import { Overview } from './overview';
import { PackagesTab } from './packages';
import { Tabs } from './tabs';

/** Null when it was done or the job was started, else why not. */
export type Act = Promise<IErrorBody | null>;

export interface IPageProps {
  /** Null while it is not known, and when it is gone. */
  environment: IEnvironment | null;
  isGone: boolean;
  /** Why the list could not be read. */
  listFailure: IFailure | null;
  running: number;
  takenNames: ReadonlyArray<string>;
  tab: TabId;
  packages: IRead<ReadonlyArray<IPackage>>;
  tree: IRead<ReadonlyArray<ITreeNode>>;
  history: IRead<ReadonlyArray<IRevision>>;
  health: IRead<ReadonlyArray<IProblem>>;
  files: IExportFileProps['files'];
  activation: IRead<IActivation>;
  /** Another function whenever it may answer differently. */
  newest: (name: string) => Known | undefined;
  newestFailure: IErrorBody | null;
  lookups: ILookups;
  jobs: ReadonlyArray<IJob>;
  activeJob: IJob | null;
  outcome: IOutcome | null;
  pending: IPending;
  preview: PreviewState;
  /** Null while nobody asks for a way back. */
  wayBack: IWayBack | null;
  /** What was done last that shows nowhere else, for screen readers. */
  announcement: string;
  onTab: (tab: TabId) => void;
  onPending: (pending: IPending) => void;
  onApply: () => Act;
  /** Asks what the way back to a revision would do; null puts the question away. */
  onLookBack: (revision: number | null) => void;
  /** Goes the way back that is shown. */
  onGoBack: () => Act;
  onDismiss: () => void;
  onCancel: (job: IJob) => void;
  onExplain: () => void;
  onWantNewest: (names: ReadonlyArray<string>) => void;
  onRetryNewest: () => void;
  /** Asks again for what a job failed to do; null where the page does not know what that was. */
  againOf: (job: IJob) => (() => Act) | null;
  /** What was looked for and refused can be looked for now. */
  onLookAgain: () => void;
  terms: ITermsActions;
  /** Reads what the open tab shows once more. */
  onRetry: () => void;
  onExport: (file: IExport) => void;
  onOpenNotebook: () => Act;
  onOpenTerminal?: () => Act;
  onRename: (name: string) => Act;
  onRenameKernel: (displayName: string) => Act;
  onClone: (name: string) => Act;
  onRemove: () => Act;
  onRegisterKernel: () => Act;
  onUnregisterKernel: () => Act;
  onRepair: () => Act;
  onCopy: (text: string) => void;
  onClose: () => void;
  watchLog: (job: IJob) => IJobLog;
  trans: TranslationBundle;
}

/** The page of one environment; what it shows comes in, what is clicked goes out. */
export function EnvironmentPageView(props: IPageProps): JSX.Element {
  const { environment, tab, trans } = props;
  const id = useId();
  if (!environment) {
    return <Absent {...props} />;
  }
  const busy = props.activeJob !== null || environment.state === 'busy';
  const problems = props.health.value ?? environment.problems;
  const panel = (name: TabId) => ({
    id: `${id}-panel-${name}`,
    role: 'tabpanel',
    'aria-labelledby': `${id}-tab-${name}`,
    className: 'jp-EnvironmentPage-panel'
  });
  return (
    <div className="jp-EnvironmentPage-view">
      <Head {...props} environment={environment} busy={busy} />
      <Tabs
        prefix={id}
        label={trans.__('Parts of the page')}
        current={tab}
        onChange={props.onTab}
        tabs={[
          {
            id: 'packages',
            label: trans.__('Packages'),
            count: props.packages.value?.length ?? environment.package_count
          },
          { id: 'overview', label: trans.__('Overview'), count: null },
          { id: 'history', label: trans.__('History'), count: null },
          {
            id: 'health',
            label: trans.__('Health'),
            // What is half done now is no problem of its own.
            count: busy ? null : problems.length || null,
            urgent: problems.some(problem => problem.severity !== 'info')
          },
          { id: 'jobs', label: trans.__('Jobs'), count: props.activeJob ? 1 : null, urgent: true }
        ]}
      />
      {/* Kept in the page, so that filter, scroll and selection outlast a look elsewhere. */}
      <div {...panel('packages')} hidden={tab !== 'packages'}>
        <PackagesTab {...props} environment={environment} tree={props.tree.value} busy={busy} />
      </div>
      {tab === 'overview' && (
        <div {...panel('overview')}>
          <Overview
            {...props}
            environment={environment}
            busy={busy}
            activation={props.activation.value}
          />
        </div>
      )}
      {tab === 'history' && (
        <div {...panel('history')}>
          <HistoryTab {...props} locked={busy || !environment.can.rollback} />
        </div>
      )}
      {tab === 'health' && (
        <div {...panel('health')}>
          <HealthTab {...props} busy={busy} />
        </div>
      )}
      {tab === 'jobs' && (
        <div {...panel('jobs')}>
          <JobsTab {...props} />
        </div>
      )}
      <ChangeBar
        {...props}
        tree={props.tree.value}
        jobElsewhere={tab === 'jobs'}
        onDiscard={() => props.onPending(NOTHING)}
        wayBack={tab === 'history' ? null : props.wayBack}
      />
      <div className="jp-sr-only" role="status" aria-live="polite">
        {spoken(props)}
      </div>
    </div>
  );
}

/** Beginnings and ends; every step in between would talk a reader's ear off. */
function spoken(props: IPageProps): string {
  const { activeJob, outcome, announcement, trans } = props;
  if (activeJob) {
    return trans.__('Started: %1', jobTitle(activeJob));
  }
  return outcome ? outcomeText(outcome.job, trans) : announcement;
}

function Absent(props: IPageProps): JSX.Element {
  const { isGone, listFailure, trans } = props;
  return (
    <div className="jp-EnvironmentPage-view">
      {isGone ? (
        <div className="jp-Environments-message" role="status">
          <h2>{trans.__('This environment is gone')}</h2>
          <p>{trans.__('It was removed or has another name now.')}</p>
          <button type="button" className="jp-Environments-button" onClick={props.onClose}>
            {trans.__('Close')}
          </button>
        </div>
      ) : listFailure ? (
        <FailureState failure={listFailure} onRetry={props.onRetry} trans={trans} />
      ) : (
        <div className="jp-Environments-message jp-mod-late" role="status">
          {trans.__('Looking for the environment…')}
        </div>
      )}
    </div>
  );
}
