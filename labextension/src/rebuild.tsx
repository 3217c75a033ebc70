import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';

import type { IErrorBody, IJob } from './api/types';
import { RebuildForm } from './components/rebuildform';
import type { IEnvironmentManager } from './tokens';

import '../style/rebuild.css';

/** Asks whether to make what `notebook` carries; the job that was begun, or null. */
export async function askToRebuild(options: RebuildBody.IOptions): Promise<IJob | null> {
  const body = new RebuildBody(options);
  const dialog = new Dialog({
    title: options.trans.__('Rebuild the environment of %1', options.filename),
    body,
    hasClose: true,
    buttons: []
  });
  let begun: IJob | null = null;
  body.decided.connect((_, job) => {
    begun = job;
    dialog.reject();
  });
  await dialog.launch();
  return begun;
}

/** What a dialog shows before anything that a notebook names is installed. */
export class RebuildBody extends ReactWidget {
  constructor(private readonly _options: RebuildBody.IOptions) {
    super();
    this.addClass('jp-EnvironmentRebuild');
  }

  /** The job that was begun, or null where nothing is to be done. */
  get decided(): ISignal<this, IJob | null> {
    return this._decided;
  }

  protected render(): JSX.Element {
    const { manager, notebook, filename, told, trans } = this._options;
    return (
      <RebuildForm
        manager={manager}
        notebook={notebook}
        filename={filename}
        told={told}
        onDone={job => this._decided.emit(job)}
        trans={trans}
      />
    );
  }

  private readonly _decided = new Signal<this, IJob | null>(this);
}

export namespace RebuildBody {
  export interface IOptions {
    manager: Pick<IEnvironmentManager, 'rebuild' | 'rebuilding'>;
    /** The notebook's text. */
    notebook: string;
    filename: string;
    /** Why it is asked once more; null the first time. */
    told: IErrorBody | null;
    trans: TranslationBundle;
  }
}
