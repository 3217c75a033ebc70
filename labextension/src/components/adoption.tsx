import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';

import { errorBodyOf } from '../api/request';
import type { IErrorBody } from '../api/types';
import { Asked } from './confirmation';

/** Asks once whether an environment that others made is adopted, with what will run from then on. */
export function AdoptionQuestion(props: {
  error: IErrorBody;
  /** Does what was asked for, once it is agreed. */
  adopt: () => Promise<unknown>;
  /** What follows once it is adopted. */
  onAdopted?: () => void;
  /** Shows what went wrong then. */
  failure: (error: IErrorBody) => JSX.Element;
  trans: TranslationBundle;
}): JSX.Element {
  const { error, trans } = props;
  const [state, setState] = useState<'asked' | 'kept' | 'sent' | 'done'>('asked');
  const [failed, setFailed] = useState<IErrorBody | null>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const again = useRef(false);
  useEffect(() => {
    // A look ahead may bring the question while the user types elsewhere.
    if (state === 'asked' && again.current) {
      keep.current?.focus();
    }
    again.current ||= state === 'kept';
  }, [state]);
  const adopt = async () => {
    setState('sent');
    try {
      await props.adopt();
      setState('done');
      props.onAdopted?.();
    } catch (reason) {
      setFailed(errorBodyOf(reason));
    }
  };
  if (failed) {
    return props.failure(failed);
  }
  if (state === 'kept' || state === 'done') {
    return (
      <div className="jp-Environments-problem" data-severity="info" role="status">
        <span>
          {state === 'done'
            ? trans.__('It is adopted.')
            : trans.__('It was not adopted, and nothing was changed.')}
        </span>
        {state === 'kept' && (
          <button type="button" className="jp-Environments-link" onClick={() => setState('asked')}>
            {trans.__('Ask again')}
          </button>
        )}
      </div>
    );
  }
  return (
    <Asked title={trans.__('Adopt this environment?')} onKeep={() => setState('kept')}>
      <div role="status">
        <strong>{error.message}</strong>{' '}
        {trans.__('Adopt it only if you trust whoever made it; you are asked once. This will run:')}
      </div>
      <pre className="jp-Environments-log" tabIndex={0} aria-label={trans.__('What will run')}>
        {error.detail}
      </pre>
      <div className="jp-Environments-buttons">
        <button
          type="button"
          ref={keep}
          className="jp-Environments-button"
          onClick={() => setState('kept')}
        >
          {trans.__('Not now')}
        </button>
        <button
          type="button"
          className="jp-Environments-button jp-mod-warn"
          disabled={state === 'sent'}
          onClick={() => void adopt()}
        >
          {trans.__('Adopt and continue')}
        </button>
      </div>
    </Asked>
  );
}
