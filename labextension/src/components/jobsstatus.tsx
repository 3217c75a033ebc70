import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IJob } from '../api/types';
import { layersIcon } from '../icons';
import { jobTitle, progressText } from './jobtext';

export interface IJobsStatusProps {
  /** Those under way. */
  jobs: ReadonlyArray<IJob>;
  onOpen: () => void;
  trans: TranslationBundle;
}

/** The jobs under way in a word or two: the one there is, or how many. */
export function JobsStatus(props: IJobsStatusProps): JSX.Element | null {
  const { jobs, trans } = props;
  if (jobs.length === 0) {
    return null;
  }
  const lines = jobs.map(job => `${jobTitle(job)}: ${progressText(job.progress, trans)}`);
  const text =
    jobs.length === 1
      ? jobTitle(jobs[0]) + percent(jobs[0])
      : trans._n('%1 environment job', '%1 environment jobs', jobs.length);
  return (
    <button
      type="button"
      className="jp-EnvironmentStatus-button"
      title={[...lines, trans.__('Click to see the jobs.')].join('\n')}
      onClick={props.onOpen}
    >
      <layersIcon.react tag="span" elementPosition="center" height="14px" width="14px" />
      <span>{text}</span>
    </button>
  );
}

function percent({ progress }: IJob): string {
  return progress.fraction === null ? '' : ` ${Math.round(progress.fraction * 100)}%`;
}
