import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IErrorBody } from '../api/types';
import { ErrorText } from './errortext';

/** What is known of something read from the server. */
export interface IRead<T> {
  /** Null before the first answer. */
  value: T | null;
  failure: IErrorBody | null;
}

/** That something is still being read, or why it could not be, with a way to try again. */
export function ReadState(props: {
  read: IRead<unknown>;
  /** Said while there is no answer yet. */
  waiting: string;
  onRetry: () => void;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { read, trans } = props;
  if (read.failure) {
    return (
      <ErrorText error={read.failure} trans={trans}>
        <button type="button" className="jp-Environments-button" onClick={props.onRetry}>
          {trans.__('Try again')}
        </button>
      </ErrorText>
    );
  }
  return read.value === null ? (
    <div className="jp-Environments-message jp-mod-late" role="status">
      {props.waiting}
    </div>
  ) : null;
}
