import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IJob } from '../../api/types';
import { isOver } from '../../model/jobs';
import type { IJobLog } from '../../tokens';
import { ErrorText } from '../errortext';
import { JobLogView, LogLink } from '../joblog';
import { ProgressBar } from '../progressbar';
import { jobTitle, progressText } from '../jobtext';
import { jobStateText } from './words';

export interface IJobsTabProps {
  /** Newest first. */
  jobs: ReadonlyArray<IJob>;
  onCancel: (job: IJob) => void;
  watchLog: (job: IJob) => IJobLog;
  trans: TranslationBundle;
}

/** What was done with this environment, is being done, and how it ended. */
export function JobsTab(props: IJobsTabProps): JSX.Element {
  const { jobs, trans } = props;
  return (
    <div className="jp-EnvironmentPage-scroll">
      {jobs.length === 0 && (
        <div className="jp-Environments-message" role="status">
          {trans.__('No jobs of this environment are known.')}
        </div>
      )}
      <ul className="jp-EnvironmentPage-list">
        {jobs.map(job => (
          <Job key={job.id} {...props} job={job} />
        ))}
      </ul>
    </div>
  );
}

function Job(props: IJobsTabProps & { job: IJob }): JSX.Element {
  const { job, trans } = props;
  const [open, setOpen] = useState(false);
  const title = jobTitle(job);
  const under = !isOver(job);
  const time = job.ended ?? job.started ?? job.created;
  return (
    <li data-state={job.state}>
      <div className="jp-EnvironmentPage-stripHead">
        <strong>{title}</strong>
        <span className="jp-EnvironmentPage-muted">
          {jobStateText(job, trans)}
          {' · '}
          <time dateTime={time} title={Time.format(time)}>
            {Time.formatHuman(time)}
          </time>
        </span>
        <span className="jp-EnvironmentPage-fill" />
        <LogLink job={job} open={open} onToggle={() => setOpen(!open)} trans={trans} />
        {under && (
          <button
            type="button"
            className="jp-Environments-button"
            aria-label={trans.__('Cancel %1', title)}
            onClick={() => props.onCancel(job)}
          >
            {trans.__('Cancel')}
          </button>
        )}
      </div>
      {under && (
        <>
          <ProgressBar job={job} trans={trans} />
          <div className="jp-EnvironmentPage-muted">{progressText(job.progress, trans)}</div>
        </>
      )}
      {job.error && job.state === 'failed' && <ErrorText error={job.error} trans={trans} />}
      {open && <JobLogView job={job} watchLog={props.watchLog} trans={trans} />}
    </li>
  );
}
