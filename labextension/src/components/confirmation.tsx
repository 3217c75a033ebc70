import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { takeFocus } from './focus';

/** The frame of a question where its subject stands; Escape takes it back. */
export function Asked(props: {
  title: string;
  onKeep: () => void;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <div
      className="jp-Environments-confirm"
      role="group"
      aria-label={props.title}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onKeep();
        }
      }}
    >
      {props.children}
    </div>
  );
}

/** Asks before something is done; the focus is on leaving all as it is. */
export function Confirmation(props: {
  title: string;
  /** What will be, in words and lists. */
  children: React.ReactNode;
  action: string;
  /** Whether it cannot be taken back. */
  warn?: boolean;
  disabled?: boolean;
  onAct: () => void;
  onKeep: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { title, warn, onKeep, trans } = props;
  return (
    <Asked title={title} onKeep={onKeep}>
      <div>
        <strong>{title}</strong> {props.children}
      </div>
      <div className="jp-Environments-buttons">
        <button type="button" ref={takeFocus} className="jp-Environments-button" onClick={onKeep}>
          {warn ? trans.__('Keep') : trans.__('Cancel')}
        </button>
        <button
          type="button"
          className={`jp-Environments-button ${warn ? 'jp-mod-warn' : 'jp-mod-accept'}`}
          disabled={props.disabled}
          onClick={props.onAct}
        >
          {props.action}
        </button>
      </div>
    </Asked>
  );
}
