import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import { ErrorText } from './errortext';

/** A component whose code comes when it is drawn first, or a little ahead of that. */
export type Deferred<P> = React.FunctionComponent<P> & {
  /** Has the code come before it is needed. */
  preload: () => void;
};

/** What `load` brings, with words and a way to try again where the server does not answer. */
export function deferred<P extends { trans: TranslationBundle }>(
  load: () => Promise<React.ComponentType<P>>
): Deferred<P> {
  let loaded: React.ComponentType<P> | null = null;
  const fetch = async () => {
    loaded ??= await load();
  };

  function Part(props: P): JSX.Element | null {
    const { trans } = props;
    const [state, setState] = useState<'loading' | 'ready' | 'failed'>('loading');
    useEffect(() => {
      let gone = false;
      if (state === 'loading') {
        fetch().then(
          () => gone || setState('ready'),
          () => gone || setState('failed')
        );
      }
      return () => {
        gone = true;
      };
    }, [state]);
    if (loaded) {
      return React.createElement(loaded, props);
    }
    if (state !== 'failed') {
      return null;
    }
    const error = {
      message: trans.__('This part of the page could not be loaded.'),
      reason: 'offline',
      hint: trans.__('The server does not answer, or has another version now.')
    };
    return (
      <ErrorText error={error} trans={trans}>
        <button
          type="button"
          className="jp-Environments-button"
          onClick={() => setState('loading')}
        >
          {trans.__('Try again')}
        </button>
      </ErrorText>
    );
  }

  return Object.assign(Part, { preload: () => void fetch().catch(() => undefined) });
}
