import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { IconButton } from './iconbutton';

export interface IBannerProps {
  /** The kernel that the notebook was saved with, as people know it. */
  wanted: string;
  /** What it runs with instead, or null. */
  instead: string | null;
  /** Null where the notebook does not carry its environment. */
  onRebuild: (() => void) | null;
  onCreate: () => void;
  onChoose: () => void;
  onDismiss: () => void;
  trans: TranslationBundle;
}

/** Above a notebook whose kernel is not there. */
export function MissingKernelBanner(props: IBannerProps): JSX.Element {
  const { wanted, instead, trans } = props;
  return (
    <div className="jp-EnvironmentBanner-row" role="alert">
      <span className="jp-Environments-state" data-state="broken" aria-hidden="true" />
      <span className="jp-EnvironmentBanner-text">
        {instead
          ? trans.__(
              'This notebook was made with “%1”, which is not on this server. It runs with %2 now.',
              wanted,
              instead
            )
          : trans.__('This notebook was made with “%1”, which is not on this server.', wanted)}
      </span>
      <span className="jp-EnvironmentBanner-actions">
        {props.onRebuild && (
          <button
            type="button"
            className="jp-Environments-button jp-mod-accept"
            onClick={props.onRebuild}
          >
            {trans.__('Rebuild its environment…')}
          </button>
        )}
        <button
          type="button"
          className={`jp-Environments-button${props.onRebuild ? '' : ' jp-mod-accept'}`}
          onClick={props.onCreate}
        >
          {trans.__('New environment…')}
        </button>
        <button type="button" className="jp-Environments-button" onClick={props.onChoose}>
          {trans.__('Choose another kernel…')}
        </button>
        <IconButton icon={closeIcon} label={trans.__('Dismiss')} onClick={props.onDismiss} />
      </span>
    </div>
  );
}
