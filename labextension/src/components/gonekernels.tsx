import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IGoneKernel } from '../api/types';
import { Confirmation } from './confirmation';

/** The kernels that cannot start since their environment is not there, and how to be rid of them. */
export function GoneKernels(props: {
  gone: ReadonlyArray<IGoneKernel>;
  onPrune: (unmounted: boolean) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { gone, onPrune, trans } = props;
  const [asked, setAsked] = useState(false);
  const [unmounted, setUnmounted] = useState(false);
  const away = gone.filter(kernel => !kernel.mounted).length;
  const nothing = away === gone.length && !unmounted;
  return (
    <section aria-label={trans.__('Kernels without an environment')}>
      <h2>{trans.__('Kernels without an environment')}</h2>
      <p className="jp-EnvironmentDisk-muted">
        {trans.__('They cannot start: the folder of their environment is not there.')}
      </p>
      <ul>
        {gone.map(kernel => (
          <li key={kernel.name}>
            <strong>{kernel.display_name}</strong>{' '}
            <span className="jp-EnvironmentDisk-muted">
              {kernel.prefix}
              {!kernel.mounted && ` · ${trans.__('its disk may not be mounted now')}`}
            </span>
          </li>
        ))}
      </ul>
      {asked ? (
        <Confirmation
          title={trans.__('Remove these kernels?')}
          action={trans.__('Remove')}
          warn
          disabled={nothing}
          onAct={() => {
            setAsked(false);
            onPrune(unmounted);
          }}
          onKeep={() => setAsked(false)}
          trans={trans}
        >
          {trans.__('They go from the launcher and the lists of kernels; no environment changes.')}
          {away > 0 && (
            <label className="jp-EnvironmentDisk-choice">
              <input
                type="checkbox"
                checked={unmounted}
                onChange={event => setUnmounted(event.target.checked)}
              />
              {trans.__('Also those whose disk may only not be mounted now')}
            </label>
          )}
        </Confirmation>
      ) : (
        <button type="button" className="jp-Environments-button" onClick={() => setAsked(true)}>
          {trans.__('Remove…')}
        </button>
      )}
    </section>
  );
}
