import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IRevision } from '../../api/types';
import type { IWayBack } from '../../model/environmentpage';
import type { ITermsActions } from '../../model/terms';
import { PlanList, planSummary } from './planlist';
import { WayBackQuestion } from './wayback';
import { actionText, askedText, byText } from './words';

export interface IRevisionRowProps {
  revision: IRevision;
  /** Counted from 1. */
  position: number;
  of: number;
  /** Whether it is the row that Tab reaches. */
  active: boolean;
  expanded: boolean;
  compared: boolean;
  /** Whether it is how the environment is now. */
  current: boolean;
  /** Whether nothing can be changed now. */
  locked: boolean;
  /** The way back to it; null while nobody asks. */
  way: IWayBack | null;
  terms: ITermsActions;
  onFocus: () => void;
  onToggle: () => void;
  onCompare: () => void;
  onAsk: () => void;
  onKeep: () => void;
  onBack: () => void;
  trans: TranslationBundle;
}

/** One revision: what was done, when, by whom, what it changed, and the way back to it. */
export function RevisionRow(props: IRevisionRowProps): JSX.Element {
  const { revision, active, expanded, trans } = props;
  const { plan, time, user } = revision;
  const tabIndex = active ? 0 : -1;
  const asked = askedText(revision, trans);
  const summary = planSummary({ ...plan, download_size: null }, trans);
  const title = actionText(revision, trans);
  const name = trans.__('Revision %1', revision.revision);
  return (
    <div
      role="listitem"
      aria-posinset={props.position}
      aria-setsize={props.of}
      aria-label={[name, title, Time.formatHuman(time), byText(revision.by, trans), summary]
        .filter(Boolean)
        .join(', ')}
      tabIndex={tabIndex}
      className="jp-EnvironmentHistory-row"
      data-by={revision.by}
      onFocus={props.onFocus}
    >
      <div className="jp-EnvironmentPage-stripHead">
        <input
          type="checkbox"
          tabIndex={tabIndex}
          checked={props.compared}
          aria-label={trans.__('Compare revision %1', revision.revision)}
          title={trans.__('Choose two to see what differs between them')}
          onChange={props.onCompare}
        />
        <strong>{title}</strong>
        {revision.by === 'outside' && (
          <span className="jp-EnvironmentPage-badge" data-urgent>
            {trans.__('outside')}
          </span>
        )}
        <span className="jp-EnvironmentPage-muted">
          {name}
          {' · '}
          <time dateTime={time} title={Time.format(time)}>
            {Time.formatHuman(time)}
          </time>
          {' · '}
          {byText(revision.by, trans)}
          {user && ` · ${user}`}
        </span>
        <span className="jp-EnvironmentPage-fill" />
        {props.current ? (
          <span className="jp-EnvironmentPage-muted">{trans.__('as it is now')}</span>
        ) : (
          <button
            type="button"
            className="jp-Environments-button"
            tabIndex={tabIndex}
            disabled={props.locked}
            aria-expanded={props.way !== null}
            aria-label={trans.__('Back to revision %1', revision.revision)}
            onClick={props.onAsk}
          >
            {trans.__('Back to this')}
          </button>
        )}
      </div>
      <div className="jp-EnvironmentHistory-lines">
        {asked && <span className="jp-EnvironmentPage-muted">{trans.__('Asked: %1', asked)}</span>}
        {summary && (
          <button
            type="button"
            className="jp-Environments-link"
            tabIndex={tabIndex}
            aria-expanded={expanded}
            onClick={props.onToggle}
          >
            {summary}
          </button>
        )}
        {!summary && (
          <span className="jp-EnvironmentPage-muted">{trans.__('No package changed.')}</span>
        )}
      </div>
      {expanded && <PlanList plan={plan} trans={trans} />}
      {props.way && (
        <WayBackQuestion
          way={props.way}
          disabled={props.locked}
          terms={props.terms}
          onAct={props.onBack}
          onKeep={props.onKeep}
          onLookAgain={props.onAsk}
          trans={trans}
        />
      )}
    </div>
  );
}
