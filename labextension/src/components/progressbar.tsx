import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IJob } from '../api/types';
import { jobTitle, progressText } from './jobtext';

/** How far a job is; without a known whole the bar stays empty: it never moves only to move. */
export function ProgressBar(props: { job: IJob; trans: TranslationBundle }): JSX.Element {
  const { job, trans } = props;
  const { fraction } = job.progress;
  const percent = fraction === null ? null : Math.round(fraction * 100);
  return (
    <div
      className="jp-Environments-bar"
      role="progressbar"
      aria-label={jobTitle(job)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={progressText(job.progress, trans)}
    >
      <div style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}
