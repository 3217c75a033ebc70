import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import type {
  ICacheUse,
  IDisk,
  IEnvironmentUse,
  IErrorBody,
  IGoneKernel,
  IJob
} from '../api/types';
import type { ICleaned } from '../model/disk';
import { Confirmation } from './confirmation';
import { ErrorText } from './errortext';
import { ProgressBar } from './progressbar';
import { ReadState, type IRead } from './readstate';
import { jobTitle, progressText } from './jobtext';
import { GoneKernels } from './gonekernels';
import { size } from './size';

export interface IDiskViewProps {
  disk: IRead<IDisk>;
  /** The job that counts or cleans now. */
  job: IJob | null;
  /** Why the last counting or cleaning did not succeed. */
  error: IErrorBody | null;
  cleaned: ICleaned | null;
  /** The kernels whose environment is not there. */
  gone: ReadonlyArray<IGoneKernel>;
  onPrune: (unmounted: boolean) => void;
  onCount: () => void;
  onCancel: (job: IJob) => void;
  onClean: (name: string) => void;
  onOpen: (id: string) => void;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** What environments and caches take on disk, and what can be had back. */
export function DiskView(props: IDiskViewProps): JSX.Element {
  const { disk, job, error, trans } = props;
  const { value } = disk;
  return (
    <div className="jp-EnvironmentDisk-view">
      <header>
        <h1>{trans.__('Disk usage')}</h1>
        {value?.counted && (
          <span className="jp-EnvironmentDisk-muted">
            {trans.__('counted')}{' '}
            <time dateTime={value.counted} title={Time.format(value.counted)}>
              {Time.formatHuman(value.counted)}
            </time>
            {value.stale && ` · ${trans.__('something has changed since')}`}
          </span>
        )}
        <button
          type="button"
          className="jp-Environments-button"
          disabled={job !== null}
          onClick={props.onCount}
        >
          {trans.__('Count again')}
        </button>
      </header>
      {job && (
        <div className="jp-EnvironmentDisk-job">
          <span>{progressText(job.progress, trans)}</span>
          <button
            type="button"
            className="jp-Environments-link"
            aria-label={trans.__('Cancel %1', jobTitle(job))}
            onClick={() => props.onCancel(job)}
          >
            {trans.__('Cancel')}
          </button>
          <ProgressBar job={job} trans={trans} />
        </div>
      )}
      {error && <ErrorText error={error} trans={trans} />}
      <ReadState
        read={disk}
        waiting={trans.__('Looking at the disk…')}
        onRetry={props.onRetry}
        trans={trans}
      />
      {value && <Room disk={value} trans={trans} />}
      {props.gone.length > 0 && <GoneKernels {...props} />}
      {value?.counted && (
        <>
          <Environments {...props} found={value.environments} />
          <Caches {...props} found={value.caches} />
        </>
      )}
      {value && !value.counted && !job && !error && (
        <div className="jp-Environments-message" role="status">
          <p>{trans.__('Nothing was counted yet.')}</p>
        </div>
      )}
    </div>
  );
}

function Room(props: { disk: IDisk; trans: TranslationBundle }): JSX.Element {
  const { disk, trans } = props;
  const free = trans.__('%1 of %2 are free.', size(disk.free), size(disk.capacity));
  return (
    <p className="jp-EnvironmentDisk-room">
      {disk.counted && trans.__('Environments and caches take %1 together.', size(disk.total))}{' '}
      {free}
      <meter
        min={0}
        max={disk.capacity}
        value={disk.capacity - disk.free}
        high={disk.capacity * 0.9}
        aria-label={free}
      />
    </p>
  );
}

function Environments(
  props: IDiskViewProps & { found: ReadonlyArray<IEnvironmentUse> }
): JSX.Element {
  const { found, trans } = props;
  const sorted = useMemo(() => [...found].sort((a, b) => b.exclusive - a.exclusive), [found]);
  if (found.length === 0) {
    return <p className="jp-EnvironmentDisk-muted">{trans.__('There are no environments yet.')}</p>;
  }
  return (
    <table>
      <caption>{trans.__('Environments')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{trans.__('Size')}</th>
          <th scope="col" title={trans.__('Files that other environments or caches hold as well')}>
            {trans.__('Shared')}
          </th>
          <th scope="col">{trans.__('Frees when removed')}</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map(used => (
          <tr key={used.id}>
            <th scope="row" title={used.prefix}>
              <button
                type="button"
                className="jp-Environments-link"
                onClick={() => props.onOpen(used.id)}
              >
                {used.name}
              </button>
            </th>
            <td>{size(used.size)}</td>
            <td>{size(used.shared)}</td>
            <td>{size(used.exclusive)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Caches(props: IDiskViewProps & { found: ReadonlyArray<ICacheUse> }): JSX.Element | null {
  const { found, cleaned, trans } = props;
  const [asked, setAsked] = useState<string | null>(null);
  if (found.length === 0) {
    return null;
  }
  return (
    <section aria-label={trans.__('Caches')}>
      <h2>{trans.__('Caches')}</h2>
      <p className="jp-EnvironmentDisk-muted">
        {trans.__(
          'They make new environments fast. What is cleaned is fetched again when it is needed.'
        )}
      </p>
      <ul>
        {found.map(cache => (
          <li key={cache.name}>
            <div className="jp-EnvironmentDisk-cache">
              <span title={cache.path}>
                <strong>{cache.title}</strong>{' '}
                <span className="jp-EnvironmentDisk-muted">{size(cache.size)}</span>
              </span>
              {cleaned?.name === cache.name && cleaned.freed !== null && (
                <span role="status">{trans.__('Freed %1.', size(cleaned.freed))}</span>
              )}
              {cache.cleanable && (
                <button
                  type="button"
                  className="jp-Environments-button"
                  disabled={props.job !== null}
                  aria-expanded={asked === cache.name}
                  aria-label={trans.__('Clean: %1', cache.title)}
                  onClick={() => setAsked(cache.name)}
                >
                  {trans.__('Clean…')}
                </button>
              )}
            </div>
            {asked === cache.name && (
              <Confirmation
                title={trans.__('Clean %1?', cache.name)}
                action={trans.__('Clean')}
                warn
                disabled={props.job !== null}
                onAct={() => {
                  setAsked(null);
                  props.onClean(cache.name);
                }}
                onKeep={() => setAsked(null)}
                trans={trans}
              >
                {trans.__(
                  'This frees about %1; environments keep what they share with it.',
                  size(cache.exclusive)
                )}
              </Confirmation>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
