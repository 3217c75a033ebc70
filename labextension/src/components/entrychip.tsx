import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { IconButton } from './iconbutton';

/** One of the entries of a field, with a button that leaves it out. */
export function EntryChip(props: {
  text: string;
  /** What is drawn in its place, where it is long. */
  short?: string;
  /** What is known of it; read out where it has a problem. */
  title: string;
  problem: 'invalid' | 'missing' | null;
  onLeaveOut: () => void;
  /** Buttons before the one that leaves it out. */
  children?: React.ReactNode;
  trans: TranslationBundle;
}): JSX.Element {
  const { text, title, problem, trans } = props;
  return (
    <span
      className="jp-Environments-chip"
      data-valid={problem !== 'invalid'}
      data-missing={problem === 'missing' || undefined}
      title={title}
    >
      <span>{props.short ?? text}</span>
      {problem !== null && <span className="jp-sr-only">{title}</span>}
      {props.children}
      <IconButton
        icon={closeIcon}
        label={trans.__('Leave out %1', text)}
        onClick={props.onLeaveOut}
      />
    </span>
  );
}
