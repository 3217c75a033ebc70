import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useState } from 'react';

import type { IErrorBody, IJob, ITreeNode } from '../../api/types';
import { countOf, isComplete, isEmptyPlan, type IPending } from '../../model/changes';
import type { IOutcome, IWayBack } from '../../model/environmentpage';
import type { PreviewState } from '../../model/preview';
import { normalName } from '../../model/requirements';
import { channelsToAccept, type ITermsActions } from '../../model/terms';
import { reasonsFor } from '../../model/tree';
import type { IJobLog } from '../../tokens';
import { IconButton } from '../iconbutton';
import { JobLogView, LogLink } from '../joblog';
import { ProgressBar } from '../progressbar';
import { jobTitle, progressText } from '../jobtext';
import { Refusal } from '../terms';
import { PlanList, planSummary, PlanWarnings } from './planlist';
import { WayBackQuestion } from './wayback';

type Act = Promise<IErrorBody | null>;

export interface IChangeBarProps {
  pending: IPending;
  preview: PreviewState;
  /** The way back that is asked for here; null where it is none. */
  wayBack: IWayBack | null;
  /** Null until somebody asked for it. */
  tree: ReadonlyArray<ITreeNode> | null;
  activeJob: IJob | null;
  /** Whether the page shows the job elsewhere. */
  jobElsewhere: boolean;
  outcome: IOutcome | null;
  onDiscard: () => void;
  /** Null when the job was started, else why not; the same for the next. */
  onApply: () => Act;
  onLookBack: (revision: number | null) => void;
  onGoBack: () => Act;
  onDismiss: () => void;
  onCancel: (job: IJob) => void;
  onExplain: () => void;
  /** Asks again for what a job failed to do; null where the page does not know what that was. */
  againOf: (job: IJob) => (() => Act) | null;
  /** What was looked for and refused can be looked for now. */
  onLookAgain: () => void;
  terms: ITermsActions;
  watchLog: (job: IJob) => IJobLog;
  trans: TranslationBundle;
}

/** At the foot of the page: what runs, how it ended, what waits to be applied. */
export function ChangeBar(props: IChangeBarProps): JSX.Element | null {
  const { pending, activeJob, outcome, wayBack, trans } = props;
  const [refused, setRefused] = useState<IErrorBody | null>(null);
  useEffect(() => setRefused(null), [pending]);
  const waiting = countOf(pending) > 0;
  if (activeJob ? props.jobElsewhere : !outcome && !wayBack && !waiting && !refused) {
    return null;
  }
  return (
    <section className="jp-EnvironmentPage-bar" aria-label={trans.__('Changes')}>
      {activeJob && <JobStrip {...props} job={activeJob} />}
      {!activeJob && outcome && (
        <Outcome
          {...props}
          key={outcome.job.id}
          outcome={outcome}
          againOf={job => {
            const again = props.againOf(job);
            return again && (async () => (setRefused(await again()), null));
          }}
        />
      )}
      {refused && (
        <Refusal error={refused} terms={props.terms} onGoOn={props.onLookAgain} trans={trans} />
      )}
      {!activeJob && wayBack && (
        <WayBackQuestion
          way={wayBack}
          terms={props.terms}
          onAct={async () => setRefused(await props.onGoBack())}
          onKeep={() => props.onLookBack(null)}
          onLookAgain={() => props.onLookBack(wayBack.revision)}
          trans={trans}
        />
      )}
      {!activeJob && waiting && (
        <Waiting {...props} onApply={async () => (setRefused(await props.onApply()), null)} />
      )}
    </section>
  );
}

function JobStrip(props: IChangeBarProps & { job: IJob }): JSX.Element {
  const { job, trans } = props;
  const [open, setOpen] = useState(false);
  const title = jobTitle(job);
  return (
    <div className="jp-EnvironmentPage-strip">
      <div className="jp-EnvironmentPage-stripHead">
        <strong>{title}</strong>
        <LogLink job={job} open={open} onToggle={() => setOpen(!open)} trans={trans} />
        <button
          type="button"
          className="jp-Environments-button"
          aria-label={trans.__('Cancel %1', title)}
          onClick={() => props.onCancel(job)}
        >
          {trans.__('Cancel')}
        </button>
        <span className="jp-EnvironmentPage-muted">{progressText(job.progress, trans)}</span>
      </div>
      <ProgressBar job={job} trans={trans} />
      {open && <JobLogView job={job} watchLog={props.watchLog} trans={trans} />}
    </div>
  );
}

function Outcome(props: IChangeBarProps & { outcome: IOutcome }): JSX.Element {
  const { outcome, trans } = props;
  const { job, plan, undo } = outcome;
  const [open, setOpen] = useState(false);
  const again = props.againOf(job);
  const log = <LogLink job={job} open={open} onToggle={() => setOpen(!open)} trans={trans} />;
  const dismiss = (
    <IconButton icon={closeIcon} label={trans.__('Dismiss')} onClick={props.onDismiss} />
  );
  return (
    <div className="jp-EnvironmentPage-strip">
      {job.state === 'failed' && job.error ? (
        <Refusal
          error={job.error}
          terms={props.terms}
          onGoOn={again ? () => void again() : undefined}
          trans={trans}
        >
          {log}
          {dismiss}
        </Refusal>
      ) : (
        <div className="jp-EnvironmentPage-stripHead">
          <span>{outcomeText(job, trans)}</span>
          {plan && !isEmptyPlan(plan) && (
            <span className="jp-EnvironmentPage-muted">{planSummary(plan, trans)}</span>
          )}
          {log}
          {undo !== null && (
            <button
              type="button"
              className="jp-Environments-button"
              title={trans.__('Back to revision %1', undo)}
              onClick={() => props.onLookBack(undo)}
            >
              {trans.__('Undo')}
            </button>
          )}
          {dismiss}
        </div>
      )}
      {plan && <PlanWarnings plan={plan} />}
      {open && <JobLogView job={job} watchLog={props.watchLog} trans={trans} />}
    </div>
  );
}

/** How `job` ended, for the eye and for the live region. */
export function outcomeText(job: IJob, trans: TranslationBundle): string {
  const title = jobTitle(job);
  switch (job.state) {
    case 'succeeded':
      return trans.__('Done: %1', title);
    case 'cancelled':
      return trans.__('Cancelled: %1. All is as it was before.', title);
    case 'interrupted':
      return trans.__('Interrupted: %1. The server stopped while it ran.', title);
    default:
      return trans.__('Not done: %1. %2', title, job.error?.message ?? '');
  }
}

function Waiting(props: IChangeBarProps): JSX.Element {
  const { pending, preview, tree, onExplain, trans } = props;
  const [sending, setSending] = useState(false);
  const count = countOf(pending);
  const removed = [...pending.wishes].filter(([, wish]) => wish.kind === 'remove').map(([n]) => n);
  const removes = removed.length > 0;
  useEffect(() => {
    if (removes) {
      onExplain();
    }
  }, [removes, onExplain]);
  const broken = tree ? brokenBy(tree, removed) : [];
  return (
    <div className="jp-EnvironmentPage-waiting">
      <div className="jp-EnvironmentPage-stripHead">
        <strong>{trans._n('%1 change waiting', '%1 changes waiting', count)}</strong>
        <button
          type="button"
          className="jp-Environments-button jp-mod-accept"
          disabled={preview.state !== 'ready' || sending}
          onClick={() => {
            setSending(true);
            void props.onApply().then(() => setSending(false));
          }}
        >
          {trans.__('Apply')}
        </button>
        <button type="button" className="jp-Environments-button" onClick={props.onDiscard}>
          {trans.__('Discard')}
        </button>
        <span className="jp-EnvironmentPage-muted" role="status">
          {previewText(pending, preview, trans)}
        </span>
      </div>
      {pending.all && (
        <span className="jp-EnvironmentPage-muted">
          {trans.__('All are upgraded, each to the newest that fits what was asked for.')}
        </span>
      )}
      {preview.state === 'ready' && <PlanList plan={preview.plan} trans={trans} />}
      {broken.length > 0 && (
        <div className="jp-Environments-problem" data-severity="warning">
          <span>
            {trans.__(
              'Without %1 these will no longer work: %2',
              removed.join(', '),
              broken.join(', ')
            )}
          </span>
        </div>
      )}
      {preview.state === 'failed' && (
        <Refusal
          error={preview.error}
          terms={props.terms}
          onGoOn={props.onLookAgain}
          trans={trans}
        />
      )}
    </div>
  );
}

function previewText(pending: IPending, preview: PreviewState, trans: TranslationBundle): string {
  switch (preview.state) {
    case 'none':
      return isComplete(pending) ? '' : trans.__('One of them is not a package, URL or path.');
    case 'working':
      return trans.__('Working out what would change…');
    case 'ready':
      return isEmptyPlan(preview.plan)
        ? trans.__('All of it is there already.')
        : planSummary(preview.plan, trans);
    case 'failed':
      return channelsToAccept(preview.error).length > 0
        ? trans.__('Nothing is looked for before you answer.')
        : trans.__('This cannot be done.');
  }
}

/** What stays and needs one of `removed`. */
function brokenBy(tree: ReadonlyArray<ITreeNode>, removed: ReadonlyArray<string>): string[] {
  const gone = new Set(removed.map(normalName));
  const needing = new Set(removed.flatMap(name => reasonsFor(tree, name).dependents));
  return [...needing].filter(name => !gone.has(name));
}
