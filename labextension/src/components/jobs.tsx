import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef, useState } from 'react';

import type { IErrorBody, IJob } from '../api/types';
import { isOver } from '../model/jobs';
import type { ITermsActions } from '../model/terms';
import type { IJobLog } from '../tokens';
import { IconButton } from './iconbutton';
import { JobLogView, LogLink } from './joblog';
import { ProgressBar } from './progressbar';
import { jobTitle, progressText } from './jobtext';
import { Refusal } from './terms';

/** The wish to see the log of the job `id`; another object is another wish. */
export interface ILogWish {
  id: string;
}

export interface IJobListProps {
  jobs: ReadonlyArray<IJob>;
  logWish: ILogWish | null;
  onCancel: (job: IJob) => void;
  onDismiss: (job: IJob) => void;
  /** What asks for the same again; null where this page does not know that. */
  againOf: (job: IJob) => (() => void) | null;
  terms: ITermsActions;
  watchLog: (job: IJob) => IJobLog;
  trans: TranslationBundle;
}

/** Jobs under way, and those that failed until they are dismissed. */
export function JobList(props: IJobListProps): JSX.Element | null {
  const { jobs, trans } = props;
  if (jobs.length === 0) {
    return null;
  }
  return (
    <section className="jp-Environments-jobs" aria-label={trans.__('Jobs')}>
      <h3>{trans.__('Jobs')}</h3>
      <ul>
        {jobs.map(job => (
          <JobRow key={job.id} {...props} job={job} />
        ))}
      </ul>
    </section>
  );
}

function JobRow(props: IJobListProps & { job: IJob }): JSX.Element {
  const { job, logWish, trans } = props;
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLLIElement>(null);
  const under = !isOver(job);
  const title = jobTitle(job);

  useEffect(() => {
    if (logWish?.id === job.id) {
      setOpen(true);
      root.current?.scrollIntoView?.({ block: 'nearest' });
      root.current?.querySelector('button')?.focus();
    }
  }, [logWish, job.id]);

  return (
    <li ref={root} className="jp-Environments-job" data-state={job.state}>
      <div className="jp-Environments-rowHead">
        <span className="jp-Environments-name" title={title}>
          {title}
        </span>
        <LogLink job={job} open={open} onToggle={() => setOpen(!open)} trans={trans} />
        {under ? (
          <IconButton
            icon={closeIcon}
            label={trans.__('Cancel %1', title)}
            onClick={() => props.onCancel(job)}
          />
        ) : (
          <IconButton
            icon={closeIcon}
            label={trans.__('Dismiss %1', title)}
            onClick={() => props.onDismiss(job)}
          />
        )}
      </div>
      {under && (
        <>
          <ProgressBar job={job} trans={trans} />
          <div className="jp-Environments-details">{progressText(job.progress, trans)}</div>
        </>
      )}
      {!under && (
        <Refusal
          error={errorOf(job, trans)}
          terms={props.terms}
          onGoOn={props.againOf(job) ?? undefined}
          trans={trans}
        />
      )}
      {open && <JobLogView job={job} watchLog={props.watchLog} trans={trans} />}
    </li>
  );
}

function errorOf(job: IJob, trans: TranslationBundle): IErrorBody {
  if (job.state === 'interrupted') {
    return {
      message: trans.__('Interrupted: the server stopped while it ran.'),
      reason: 'interrupted',
      hint: trans.__('What it had begun was put back, or can be repaired.')
    };
  }
  return job.error ?? { message: trans.__('It failed.'), reason: 'error', hint: null };
}
