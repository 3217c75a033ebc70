import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ChipState } from '../model/notebook';
import { details } from './text';

export interface IChipProps {
  state: ChipState;
  /** Leads to the environment, or to the choice of another kernel where it is gone. */
  onOpen: () => void;
  onRestart: () => void;
  trans: TranslationBundle;
}

/** The environment of a notebook's kernel, in its toolbar. */
export function Chip(props: IChipProps): JSX.Element | null {
  const { state, onOpen, onRestart, trans } = props;
  if (state.kind === 'none') {
    return null;
  }
  const words = stateWords(state, trans);
  return (
    <>
      <button
        type="button"
        className="jp-EnvironmentChip-button"
        data-kind={state.kind}
        title={tooltip(state, trans)}
        aria-label={
          words
            ? trans.__('Environment %1, %2', state.label, words)
            : trans.__('Environment %1', state.label)
        }
        onClick={onOpen}
      >
        {state.kind !== 'foreign' && (
          <span className="jp-Environments-state" data-state={dot(state)} aria-hidden="true" />
        )}
        <span className="jp-EnvironmentChip-label">{state.label}</span>
        {words && <span className="jp-EnvironmentChip-words">{words}</span>}
      </button>
      {state.kind === 'changed' && (
        <button
          type="button"
          className="jp-EnvironmentChip-button jp-EnvironmentChip-restart"
          title={tooltip(state, trans)}
          onClick={onRestart}
        >
          {trans.__('Restart…')}
        </button>
      )}
    </>
  );
}

type Shown = Exclude<ChipState, { kind: 'none' }>;

function dot(state: Shown): string {
  switch (state.kind) {
    case 'ready':
      return 'registered';
    case 'broken':
    case 'missing':
      return 'broken';
    case 'changed':
    case 'busy':
      return 'busy';
    default:
      return 'none';
  }
}

/** What is amiss, in a word or two; null when nothing is. */
function stateWords(state: Shown, trans: TranslationBundle): string | null {
  switch (state.kind) {
    case 'broken':
      return trans.__('broken');
    case 'missing':
      return trans.__('missing');
    case 'changed':
      return trans.__('changed');
    case 'busy':
      return trans.__('being changed');
    default:
      return null;
  }
}

function tooltip(state: Shown, trans: TranslationBundle): string {
  switch (state.kind) {
    case 'foreign':
      return trans.__(
        '%1 is no environment that is managed here; its packages stay as they are.',
        state.label
      );
    case 'unknown':
      return trans.__('Environment %1', state.label);
    case 'missing':
      return trans.__('The environment %1 is no longer there. Choose another kernel.', state.label);
    case 'broken':
      return state.environment.problems.map(problem => problem.message).join('\n');
    case 'changed':
      return trans.__(
        'Changed since the kernel started: %1. Restart the kernel to use what is there now.',
        listed(state.packages, trans)
      );
    case 'busy':
    case 'ready':
      return `${details(state.environment, trans)}\n${state.environment.prefix}`;
  }
}

const SHOWN = 5;

function listed(names: ReadonlyArray<string>, trans: TranslationBundle): string {
  const first = names.slice(0, SHOWN).join(', ');
  const more = names.length - SHOWN;
  return more > 0 ? trans._n('%2 and %1 more', '%2 and %1 more', more, first) : first;
}
