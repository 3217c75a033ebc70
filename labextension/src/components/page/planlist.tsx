import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IPlan } from '../../api/types';
import { size } from '../size';

/** More lines than this are shown on demand. */
const FIRST_SHOWN = 6;

interface IPlanProps {
  plan: IPlan;
  trans: TranslationBundle;
}

/** What a plan adds, changes and removes, with a sign and a word for each, and its warnings. */
export function PlanList(props: IPlanProps): JSX.Element {
  return (
    <>
      <PlanWarnings plan={props.plan} />
      <Lines {...props} />
    </>
  );
}

/** What will not be, or is not, quite as it was asked for. */
export function PlanWarnings(props: { plan: IPlan }): JSX.Element {
  return (
    <>
      {props.plan.warnings?.map(text => (
        <div key={text} className="jp-Environments-problem" data-severity="warning">
          <span>{text}</span>
        </div>
      ))}
    </>
  );
}

function Lines(props: IPlanProps): JSX.Element | null {
  const { plan, trans } = props;
  const [all, setAll] = useState(false);
  const lines = linesOf(plan, trans);
  if (lines.length === 0) {
    return null;
  }
  const shown = all || lines.length <= FIRST_SHOWN + 1 ? lines : lines.slice(0, FIRST_SHOWN);
  const hidden = lines.length - shown.length;
  return (
    <ul className="jp-EnvironmentPage-plan">
      {shown.map(line => (
        <li key={`${line.kind} ${line.name}`} data-kind={line.kind}>
          <span aria-hidden="true">{SIGNS[line.kind]}</span>
          <span className="jp-sr-only">{line.word}</span> <b>{line.name}</b> {line.text}
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <button type="button" className="jp-Environments-link" onClick={() => setAll(true)}>
            {trans._n('and %1 more', 'and %1 more', hidden)}
          </button>
        </li>
      )}
    </ul>
  );
}

/** `2 added, 1 changed; downloads 31 MB`. */
export function planSummary(plan: IPlan, trans: TranslationBundle): string {
  const { added, changed, removed } = plan;
  const counts = [
    added.length ? trans._n('%1 added', '%1 added', added.length) : '',
    changed.length ? trans._n('%1 changed', '%1 changed', changed.length) : '',
    removed.length ? trans._n('%1 removed', '%1 removed', removed.length) : ''
  ].filter(Boolean);
  const text = counts.join(', ');
  return plan.download_size ? trans.__('%1; downloads %2', text, size(plan.download_size)) : text;
}

type Kind = 'added' | 'changed' | 'removed';

const SIGNS: { [kind in Kind]: string } = { added: '+', changed: '~', removed: '−' };

interface ILine {
  kind: Kind;
  word: string;
  name: string;
  text: string;
}

function linesOf(plan: IPlan, trans: TranslationBundle): ILine[] {
  return [
    ...plan.changed.map(({ name, from, to }) => ({
      kind: 'changed' as const,
      word: trans.__('change'),
      name,
      text: `${from} → ${to}`
    })),
    ...plan.removed.map(({ name, version }) => ({
      kind: 'removed' as const,
      word: trans.__('remove'),
      name,
      text: version
    })),
    ...plan.added.map(pin => ({
      kind: 'added' as const,
      word: trans.__('add'),
      name: pin.name,
      text: pin.size ? `${pin.version} (${size(pin.size)})` : pin.version
    }))
  ];
}
