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
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { PanelLayout } from '@lumino/widgets';

import type { IEnvironment } from '../api/types';
import { CommandIDs } from '../commands';
import type { ITarget } from '../components/installoffer';
import { missingModule, type IMissingModule } from '../model/modules';
import { environmentOf } from '../model/notebook';
import type { InstallOfferWidget } from '../offer';
import { IEnvironmentManager } from '../tokens';
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
      const [{ InstallOfferWidget: Offer }, providers] = await Promise.all([
        import('../offer'),
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
      const widget = new Offer({
        manager,
        module: missing.name,
        providers: providers.distributions,
        environment: environment && canChange(environment) ? targetOf(environment) : null,
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
        onNewEnvironment: packages =>
          void app.commands.execute(CommandIDs.create, {
            notebook: panel.context.path,
            packages
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
  return environment.can.change && environment.state !== 'broken';
}

function targetOf({ id, name, can }: IEnvironment): ITarget {
  return { id, name, pipApart: can.pip_apart };
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
