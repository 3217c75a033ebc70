import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IErrorBody, IRevision } from '../../api/types';
import { ErrorText } from '../errortext';
import { PlanList, planSummary } from './planlist';
import { actionText, askedText, byText } from './words';

export interface IHistoryTabProps {
  /** Newest first; null before the first answer. */
  revisions: ReadonlyArray<IRevision> | null;
  failure: IErrorBody | null;
  /** Whether nothing can be changed now. */
  locked: boolean;
  onRollback: (revision: number) => Promise<IErrorBody | null>;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** The revisions of an environment; each can be had back. */
export function HistoryTab(props: IHistoryTabProps): JSX.Element {
  const { revisions, failure, trans } = props;
  const [error, setError] = useState<IErrorBody | null>(null);
  return (
    <div className="jp-EnvironmentPage-scroll">
      {failure && (
        <ErrorText error={failure} trans={trans}>
          <button type="button" className="jp-Environments-button" onClick={props.onRetry}>
            {trans.__('Try again')}
          </button>
        </ErrorText>
      )}
      {error && <ErrorText error={error} trans={trans} />}
      {revisions === null && !failure && (
        <div className="jp-Environments-message jp-mod-late" role="status">
          {trans.__('Reading the history…')}
        </div>
      )}
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
