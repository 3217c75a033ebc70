import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import {
  INotebookTracker,
  NotebookActions,
  type Notebook,
  type NotebookPanel
} from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';
import React from 'react';

import { errorBodyOf } from '../api/request';
import type { IEnvironment, IPlan, IProvider } from '../api/types';
import { CommandIDs } from '../commands';
import { InstallOffer, sureOf, type OfferState } from '../components/installoffer';
import { isOver } from '../model/jobs';
import { missingModule, type IMissingModule } from '../model/modules';
import { environmentOf } from '../model/notebook';
import { IEnvironmentManager, type IPlace } from '../tokens';
import { followSetting } from './settings';

export const importErrorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:import-error',
  description: 'Offers to install what a cell could not import.',
  autoStart: true,
  requires: [IEnvironmentManager, INotebookTracker],
  optional: [ISessionContextDialogs, ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    notebooks: INotebookTracker,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const offers = new WeakMap<Cell, InstallOfferWidget>();
    let wanted = true;
    void followSetting(registry, 'importOffer', value => {
      wanted = value !== false;
    });

    const offer = async (notebook: Notebook, cell: Cell, missing: IMissingModule) => {
      const panel = notebooks.find(known => known.content === notebook);
      const kernel = panel?.sessionContext.session?.kernel;
      if (!panel || !kernel) {
        return;
      }
      const [providers] = await Promise.all([
        manager.reads.providers(missing.wanted),
        manager.environments ?? manager.refresh()
      ]);
      const { specs } = panel.sessionContext.specsManager;
      const environment = environmentOf(
        kernel.name,
        specs?.kernelspecs[kernel.name],
        manager.environments ?? []
      );
      if (cell.isDisposed || offers.has(cell)) {
        return;
      }
      const widget = new InstallOfferWidget({
        manager,
        module: missing.name,
        providers: providers.distributions,
        environment: environment && canChange(environment) ? environment : null,
        onShow: () => {
          app.shell.activateById(panel.id);
          notebook.activeCellIndex = notebook.widgets.indexOf(cell);
          void notebook.scrollToItem(notebook.activeCellIndex, 'smart');
        },
        onRunAgain: () =>
          void NotebookActions.runCells(
            notebook,
            [cell],
            panel.sessionContext,
            dialogs ?? undefined,
            translator ?? undefined
          ),
        onNewEnvironment: () =>
          void app.commands.execute(CommandIDs.create, {
            notebook: panel.context.path,
            packages: [sureOf(providers.distributions)?.name].filter(name => name !== undefined)
          }),
        trans
      });
      place(panel, cell, widget);
      offers.set(cell, widget);
      widget.disposed.connect(() => offers.delete(cell));
    };

    NotebookActions.executionScheduled.connect((_, { cell }) => offers.get(cell)?.dispose());
    NotebookActions.executed.connect((_, { notebook, cell, success, error }) => {
      offers.get(cell)?.dispose();
      if (!wanted || success || !error) {
        return;
      }
      const source = cell.model.sharedModel.getSource();
      const missing = missingModule(error.errorName, error.errorValue, source);
      if (missing) {
        // Without an answer of the server there is nothing to offer: the traceback says what is wrong.
        void offer(notebook, cell, missing).catch(() => undefined);
      }
    });
  }
};

function canChange(environment: IEnvironment): boolean {
  return !environment.protected && environment.kind === 'venv' && environment.state !== 'broken';
}

/** Puts `widget` below the outputs of `cell`, beside them in the tree: the outputs stay as they are. */
function place(panel: NotebookPanel, cell: Cell, widget: InstallOfferWidget): void {
  const layout = cell.layout as PanelLayout;
  // The last one is the cell's footer.
  layout.insertWidget(layout.widgets.length - 1, widget);
  if (panel.content.activeCell === cell) {
    panel.content.scrollToItem(panel.content.activeCellIndex, 'smart').catch(() => undefined);
  }
}

/** The offer under one cell, and the job that it becomes. */
export class InstallOfferWidget extends ReactWidget {
  constructor(private readonly _offer: InstallOfferWidget.IOptions) {
    super();
    this.addClass('jp-EnvironmentOffer');
    // The keys of the notebook, such as Enter or A, are not for what stands here.
    this.node.dataset.lmSuppressShortcuts = 'true';
    _offer.manager.jobs.changed.connect(this._onJobs, this);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { module, providers, environment, onRunAgain, onNewEnvironment, trans } = this._offer;
    return React.createElement(InstallOffer, {
      module,
      providers,
      environment,
      state: this._state,
      onInstall: requirement => void this._install(requirement),
      onCancel: job => void this._offer.manager.jobs.cancel(job.id).catch(() => undefined),
      onRunAgain,
      onNewEnvironment,
      onDismiss: () => this.dispose(),
      trans
    });
  }

  private async _install(requirement: string): Promise<void> {
    const { manager, environment } = this._offer;
    if (!environment || this._state.kind === 'installing') {
      return;
    }
    try {
      const job = await manager.change(environment.id, { install: [requirement] });
      this._requirement = requirement;
      manager.jobs.setPlace(job.id, this._place);
      this._show({ kind: 'installing', job });
      this._onJobs();
    } catch (error) {
      this._show({ kind: 'offer', error: errorBodyOf(error) });
    }
  }

  private _onJobs(): void {
    if (this._state.kind !== 'installing') {
      return;
    }
    const { id } = this._state.job;
    const job = this._offer.manager.jobs.jobs.find(known => known.id === id);
    if (!job) {
      return;
    }
    if (!isOver(job)) {
      this._show({ kind: 'installing', job });
    } else if (job.state === 'succeeded') {
      const plan = job.result?.plan as IPlan | undefined;
      const changed = (plan?.changed ?? []).map(each => each.name);
      this._show({ kind: 'done', name: this._requirement, changed });
    } else {
      this._show({ kind: 'offer', error: job.error });
    }
  }

  private _show(state: OfferState): void {
    if (!this.isDisposed) {
      this._state = state;
      this.update();
    }
  }

  /** Whether the user can see it now. */
  private get _isInView(): boolean {
    if (!this.isVisible) {
      return false;
    }
    const { top, bottom } = this.node.getBoundingClientRect();
    const frame = this.node.closest('.jp-Notebook')?.getBoundingClientRect();
    return !!frame && bottom > frame.top && top < frame.bottom;
  }

  private readonly _place: IPlace = {
    tells: () => this._isInView,
    // Gone with the cell's outputs: then the cell was run again.
    way: () =>
      this.isDisposed
        ? null
        : { label: this._offer.trans.__('Show the cell'), callback: this._offer.onShow }
  };
  private _state: OfferState = { kind: 'offer', error: null };
  private _requirement = '';
}

export namespace InstallOfferWidget {
  export interface IOptions {
    manager: IEnvironmentManager;
    module: string;
    providers: ReadonlyArray<IProvider>;
    environment: { id: string; name: string } | null;
    /** Brings the cell into view. */
    onShow: () => void;
    onRunAgain: () => void;
    onNewEnvironment: () => void;
    trans: TranslationBundle;
  }
}
