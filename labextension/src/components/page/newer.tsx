import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IErrorBody } from '../../api/types';
import type { Known } from '../../model/newest';
import { channelsToAccept } from '../../model/terms';

export interface INewerProps {
  /** Those that the index can tell of. */
  names: ReadonlyArray<string>;
  newest: (name: string) => Known | undefined;
  /** Why the index is not asked at present. */
  newestFailure: IErrorBody | null;
  /** Whether all of them are being asked for. */
  checking: boolean;
  outdated: ReadonlyArray<string>;
  locked: boolean;
  onCheck: () => void;
  onRetryNewest: () => void;
  /** Whether all are to be upgraded already. */
  all: boolean;
  onUpgradeAll: () => void;
  trans: TranslationBundle;
}

/** Asks for newer versions of all, and says how far that is. */
export function Newer(props: INewerProps): JSX.Element | null {
  const { names, checking, outdated, newestFailure, newest, trans } = props;
  const done = names.filter(name => !!newest(name)).length;
  if (newestFailure && channelsToAccept(newestFailure).length > 0) {
    // The question stands below, with room for it.
    return null;
  }
  if (newestFailure) {
    return (
      <span className="jp-EnvironmentPage-newer" role="status">
        <span title={newestFailure.hint ?? undefined}>
          {trans.__('Newest versions are not known: %1', newestFailure.message)}
        </span>
        <button type="button" className="jp-Environments-link" onClick={props.onRetryNewest}>
          {trans.__('Try again')}
        </button>
      </span>
    );
  }
  if (names.length === 0) {
    return null;
  }
  if (done < names.length) {
    return checking ? (
      <span className="jp-EnvironmentPage-newer jp-EnvironmentPage-muted">
        {trans.__('Checked %1 of %2', done, names.length)}
      </span>
    ) : (
      <button
        type="button"
        className="jp-Environments-link jp-EnvironmentPage-newer"
        onClick={props.onCheck}
      >
        {trans.__('Check for newer versions')}
      </button>
    );
  }
  return (
    <span className="jp-EnvironmentPage-newer">
      <span role="status" className="jp-EnvironmentPage-muted">
        {outdated.length === 0
          ? trans.__('All are the newest.')
          : trans._n('%1 newer version', '%1 newer versions', outdated.length)}
      </span>
      {outdated.length > 0 && (
        <button
          type="button"
          className="jp-Environments-link"
          disabled={props.locked || props.all}
          title={trans.__('Each to the newest that fits what was asked for')}
          onClick={props.onUpgradeAll}
        >
          {trans.__('Upgrade all')}
        </button>
      )}
    </span>
  );
}
