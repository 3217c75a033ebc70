import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { layersIcon } from '../icons';
import type { IFailure } from '../tokens';

export function LoadingState(props: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-Environments-message jp-mod-late" role="status">
      {props.trans.__('Looking for environments…')}
    </div>
  );
}

export function EmptyState(props: { trans: TranslationBundle; onNew: () => void }): JSX.Element {
  const { trans } = props;
  return (
    <div className="jp-Environments-message">
      <layersIcon.react tag="span" height="32px" width="32px" />
      <h3>{trans.__('No environments of your own yet')}</h3>
      <p>
        {trans.__(
          'An environment is a Python of its own with its own packages: what you install for one project cannot break another. Each one shows up as a kernel for your notebooks.'
        )}
      </p>
      <button type="button" className="jp-Environments-button jp-mod-accept" onClick={props.onNew}>
        {trans.__('New environment')}
      </button>
    </div>
  );
}

export function NothingFound(props: {
  trans: TranslationBundle;
  query: string;
  onClear: () => void;
}): JSX.Element {
  const { trans } = props;
  return (
    <div className="jp-Environments-message" role="status">
      <p>{trans.__('No environment fits “%1”.', props.query)}</p>
      <button type="button" className="jp-Environments-button" onClick={props.onClear}>
        {trans.__('Clear the filter')}
      </button>
    </div>
  );
}

/** Why there is no list, or, above an older one, why it is not current. */
export function FailureState(props: {
  trans: TranslationBundle;
  failure: IFailure;
  onRetry: () => void;
}): JSX.Element {
  const { trans, failure } = props;
  const [message, hint] = failureText(failure, trans);
  return (
    <div className="jp-Environments-failure" role="alert">
      <div>
        <strong>{message}</strong> {hint}
      </div>
      <button type="button" className="jp-Environments-button" onClick={props.onRetry}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}

function failureText(failure: IFailure, trans: TranslationBundle): [string, string | null] {
  if (failure.offline) {
    return [
      trans.__('The server does not answer.'),
      trans.__('The list comes back as soon as it does.')
    ];
  }
  if (failure.reason === 'http_404') {
    return [
      trans.__('This server has no environments service.'),
      trans.__('Restart Jupyter; if that does not help, enable the server extension jupyter_envs.')
    ];
  }
  return [failure.message, failure.hint];
}

/** Above everything while a file is dragged over the panel. */
export function DropHint(props: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-Environments-drop" aria-hidden="true">
      {props.trans.__('Drop it to make an environment from it')}
    </div>
  );
}
