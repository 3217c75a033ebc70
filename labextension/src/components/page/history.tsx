import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IErrorBody, IRevision } from '../../api/types';
import { ErrorText } from '../errortext';
import { ReadState, type IRead } from '../readstate';
import { PlanList, planSummary } from './planlist';
import { actionText, askedText, byText } from './words';

export interface IHistoryTabProps {
  /** Newest first. */
  history: IRead<ReadonlyArray<IRevision>>;
  /** Whether nothing can be changed now. */
  locked: boolean;
  onRollback: (revision: number) => Promise<IErrorBody | null>;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** The revisions of an environment; each can be had back. */
export function HistoryTab(props: IHistoryTabProps): JSX.Element {
  const { trans } = props;
  const revisions = props.history.value;
  const [error, setError] = useState<IErrorBody | null>(null);
  return (
    <div className="jp-EnvironmentPage-scroll">
      <ReadState
        read={props.history}
        waiting={trans.__('Reading the history…')}
        onRetry={props.onRetry}
        trans={trans}
      />
      {error && <ErrorText error={error} trans={trans} />}
      {revisions?.length === 0 && (
        <div className="jp-Environments-message" role="status">
          {trans.__(
            'Nothing was changed here yet. From the first change on, each can be taken back.'
          )}
        </div>
      )}
      <ol className="jp-EnvironmentPage-list">
        {revisions?.map((revision, at) => (
          <li key={revision.revision} className="jp-EnvironmentPage-revision">
            <div className="jp-EnvironmentPage-stripHead">
              <strong>{actionText(revision.action, trans)}</strong>
              <span className="jp-EnvironmentPage-muted">
                <time dateTime={revision.time} title={Time.format(revision.time)}>
                  {Time.formatHuman(revision.time)}
                </time>
                {' · '}
                {byText(revision.by, trans)}
                {' · '}
                {trans.__('revision %1', revision.revision)}
              </span>
              <span className="jp-EnvironmentPage-fill" />
              {at === 0 ? (
                <span className="jp-EnvironmentPage-muted">{trans.__('as it is now')}</span>
              ) : (
                <button
                  type="button"
                  className="jp-Environments-button"
                  disabled={props.locked}
                  aria-label={trans.__('Roll back to revision %1', revision.revision)}
                  onClick={() => void props.onRollback(revision.revision).then(setError)}
                >
                  {trans.__('Roll back')}
                </button>
              )}
            </div>
            {askedText(revision, trans) && (
              <div className="jp-EnvironmentPage-muted">
                {trans.__('Asked: %1', askedText(revision, trans))}
              </div>
            )}
            <Changes revision={revision} trans={trans} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Changes(props: { revision: IRevision; trans: TranslationBundle }): JSX.Element | null {
  const { plan } = props.revision;
  const [open, setOpen] = useState(false);
  const { trans } = props;
  const summary = planSummary({ ...plan, download_size: null }, trans);
  if (!summary) {
    return null;
  }
  return (
    <>
      <button
        type="button"
        className="jp-Environments-link"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {summary}
      </button>
      {open && <PlanList plan={plan} trans={trans} />}
    </>
  );
}
