import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import React from 'react';

import type { IJob } from '../api/types';
import { CommandIDs } from '../commands';
import { JobsStatus } from '../components/jobsstatus';
import { isOver } from '../model/jobs';
import { IEnvironmentManager, type IJobsModel } from '../tokens';

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:status',
  description: 'Shows in the status bar that jobs run, and leads to them.',
  autoStart: true,
  requires: [IEnvironmentManager],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (!statusBar) {
      return;
    }
    const item = new StatusItem(
      manager.jobs,
      () => void app.commands.execute(CommandIDs.open),
      (translator ?? nullTranslator).load('jupyter_envs')
    );
    statusBar.registerStatusItem(statusPlugin.id, {
      item,
      align: 'left',
      rank: 20,
      isActive: () => item.running.length > 0,
      activeStateChanged: item.activeChanged
    });
  }
};

class StatusItem extends ReactWidget {
  constructor(
    private readonly _jobs: IJobsModel,
    private readonly _onOpen: () => void,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-EnvironmentStatus');
    _jobs.changed.connect(this._onChanged, this);
  }

  readonly activeChanged = new Signal<this, void>(this);

  /** The jobs under way. */
  get running(): ReadonlyArray<IJob> {
    return this._jobs.shown.filter(job => !isOver(job));
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    return React.createElement(JobsStatus, {
      jobs: this.running,
      onOpen: this._onOpen,
      trans: this._trans
    });
  }

  private _onChanged(): void {
    const count = this.running.length;
    if (count > 0) {
      this.update();
    }
    if (count > 0 !== this._active) {
      this._active = count > 0;
      this.activeChanged.emit();
    }
  }

  private _active = false;
}
