import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useRef, useState } from 'react';

import type { IErrorBody, IRevision } from '../../api/types';
import type { IWayBack } from '../../model/environmentpage';
import { difference } from '../../model/history';
import type { ITermsActions } from '../../model/terms';
import { isOnRow, rowAfter, useActiveRow } from '../activerow';
import { ErrorText } from '../errortext';
import { IconButton } from '../iconbutton';
import { ReadState, type IRead } from '../readstate';
import { VirtualList } from '../virtuallist';
import { PlanList, planSummary } from './planlist';
import { RevisionRow } from './revisionrow';

const ROW_HEIGHT = 64;

export interface IHistoryTabProps {
  /** Newest first. */
  history: IRead<ReadonlyArray<IRevision>>;
  /** Whether nothing can be changed now. */
  locked: boolean;
  /** Null while nobody asks for a way back. */
  wayBack: IWayBack | null;
  /** Asks what the way back to a revision would do; null puts the question away. */
  onLookBack: (revision: number | null) => void;
  /** Goes the way back that is shown; null when the job was started, else why not. */
  onGoBack: () => Promise<IErrorBody | null>;
  terms: ITermsActions;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** The revisions of an environment: what each changed, what differs between two, and the way back to each. */
export function HistoryTab(props: IHistoryTabProps): JSX.Element {
  const { trans } = props;
  const revisions = props.history.value ?? NONE;
  const [error, setError] = useState<IErrorBody | null>(null);
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const [compared, setCompared] = useState<ReadonlyArray<number>>([]);
  const root = useRef<HTMLDivElement>(null);
  const row = useActiveRow(revisions, keyOf, root, 'listitem');

  const toggle = ({ revision }: IRevision) =>
    setExpanded(old => {
      const next = new Set(old);
      if (!next.delete(revision)) {
        next.add(revision);
      }
      return next;
    });
  const compare = ({ revision }: IRevision) =>
    setCompared(old =>
      old.includes(revision)
        ? old.filter(other => other !== revision)
        : // A third takes the place of the one chosen last.
          [...old.slice(0, 1), revision]
    );
  const keep = () => {
    props.onLookBack(null);
    row.focusNext();
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!row.item || !isOnRow(event, 'listitem')) {
      return;
    }
    const to = rowAfter(event.key, row.index, revisions.length);
    if (to !== undefined) {
      row.move(to);
    } else if (event.key === 'Enter') {
      toggle(row.item);
    } else if (event.key === ' ') {
      compare(row.item);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="jp-EnvironmentHistory" ref={root}>
      <ReadState
        read={props.history}
        waiting={trans.__('Reading the history…')}
        onRetry={props.onRetry}
        trans={trans}
      />
      {error && <ErrorText error={error} trans={trans} />}
      {props.history.value?.length === 0 && (
        <div className="jp-Environments-message" role="status">
          {trans.__(
            'Nothing was changed here yet. From the first change on, each can be taken back.'
          )}
        </div>
      )}
      {compared.length > 0 && (
        <Comparison
          revisions={revisions}
          compared={compared}
          onClose={() => {
            setCompared([]);
            row.focusNext();
          }}
          trans={trans}
        />
      )}
      {revisions.length > 0 && (
        <VirtualList
          items={revisions}
          keyOf={keyOf}
          estimate={estimate}
          activeKey={row.key}
          attributes={{
            className: 'jp-EnvironmentHistory-list',
            role: 'list',
            'aria-label': trans.__('Revisions, newest first'),
            onKeyDown
          }}
          renderItem={(revision, at) => (
            <RevisionRow
              revision={revision}
              position={at + 1}
              of={revisions.length}
              active={revision === row.item}
              expanded={expanded.has(revision.revision)}
              compared={compared.includes(revision.revision)}
              locked={props.locked}
              way={props.wayBack?.revision === revision.revision ? props.wayBack : null}
              terms={props.terms}
              current={at === 0}
              onFocus={() => row.set(keyOf(revision))}
              onToggle={() => toggle(revision)}
              onCompare={() => compare(revision)}
              onAsk={() => {
                setError(null);
                props.onLookBack(revision.revision);
              }}
              onKeep={keep}
              onBack={() => {
                row.focusNext();
                void props.onGoBack().then(setError);
              }}
              trans={trans}
            />
          )}
        />
      )}
    </div>
  );
}

const NONE: ReadonlyArray<IRevision> = [];

function keyOf(revision: IRevision): string {
  return String(revision.revision);
}

function estimate(): number {
  return ROW_HEIGHT;
}

/** What differs between the two that were chosen; the newest stands in for a second. */
function Comparison(props: {
  revisions: ReadonlyArray<IRevision>;
  compared: ReadonlyArray<number>;
  onClose: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { revisions, compared, trans } = props;
  const newest = revisions[0].revision;
  const from = Math.min(...compared);
  const to = compared.length > 1 ? Math.max(...compared) : newest;
  const plan = difference(revisions, from, to);
  const title = trans.__('From revision %1 to %2', from, to);
  const summary = planSummary(plan, trans);
  return (
    <section className="jp-EnvironmentHistory-comparison" aria-label={title}>
      <div className="jp-EnvironmentPage-stripHead">
        <strong>{title}</strong>
        <span className="jp-EnvironmentPage-muted" role="status">
          {compared.length === 1 && from === newest
            ? trans.__('Choose another one to compare it with.')
            : summary || trans.__('The packages are the same.')}
        </span>
        <span className="jp-EnvironmentPage-fill" />
        <IconButton
          icon={closeIcon}
          label={trans.__('Close the comparison')}
          onClick={props.onClose}
        />
      </div>
      <PlanList key={title} plan={plan} trans={trans} />
    </section>
  );
}
