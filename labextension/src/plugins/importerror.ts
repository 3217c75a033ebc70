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

import type { IEnvironment, IProvider, IProviders } from '../api/types';
import { CommandIDs } from '../commands';
import type { ITarget, IUsable } from '../components/installoffer';
import { importsOf, missingIn, type IMissing } from '../model/modules';
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

    const offer = async (notebook: Notebook, cell: Cell, missing: IMissing) => {
      const panel = notebooks.find(known => known.content === notebook);
      const kernel = panel?.sessionContext.session?.kernel;
      if (!panel || !kernel) {
        return;
      }
      const [{ InstallOfferWidget: Offer }] = await Promise.all([
        import('../offer'),
        manager.environments ?? manager.refresh()
      ]);
      const { specs } = panel.sessionContext.specsManager;
      const environment = environmentOf(
        kernel.name,
        specs?.kernelspecs[kernel.name],
        manager.environments ?? []
      );
      const source = cell.model.sharedModel.getSource();
      const { path } = panel.context;
      const ask = (module: string) => manager.reads.providers(module, environment?.id, path);
      const lacking = [
        ...new Set([...missing.modules.map(each => each.wanted), ...importsOf(source)])
      ];
      const answers =
        missing.modules.length > 0 ? await Promise.all(lacking.map(ask)) : [worded(missing)];
      // A file of one's own is nothing to install.
      if (answers.slice(0, Math.max(missing.modules.length, 1)).every(each => each.own)) {
        return;
      }
      const [first, ...rest] = answers.filter(each => !each.own);
      const about = await aboutGuess(manager, first);
      if (cell.isDisposed || offers.has(cell)) {
        return;
      }
      const best = first.distributions[0]?.name;
      const also = new Set([
        ...missing.requirements.slice(missing.modules.length > 0 ? 0 : 1),
        ...rest.flatMap(each => packageOf(each, environment))
      ]);
      also.delete(best);
      const widget = new Offer({
        manager,
        module: missing.modules.find(each => each.wanted === first.module)?.name ?? first.module,
        providers: first.distributions,
        also: best ? [...also] : [],
        note: [first.note, about].filter(Boolean).join(' '),
        having: havingAll([first, ...rest], environment, manager.environments ?? []),
        onUse: kernel => void panel.sessionContext.changeKernel({ name: kernel }),
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
      const missing = missingIn(error.errorName, error.errorValue, source, error.traceback);
      if (missing.modules.length + missing.requirements.length > 0) {
        // Without an answer of the server there is nothing to offer: the traceback says what is wrong.
        void offer(notebook, cell, missing).catch(() => undefined);
      }
    });
  }
};

/** The answer for what the error words itself, as `pip install pandas[excel]`. */
function worded({ requirements }: IMissing): IProviders {
  const found: IProvider[] = requirements
    .slice(0, 1)
    .map(name => ({ name, source: 'known', environments: [] }));
  return { module: requirements[0], distributions: found, note: '' };
}

/** The package of another module of the cell, where it is known and `environment` lacks it. */
function packageOf(found: IProviders, environment: IEnvironment | undefined): string[] {
  const [best] = found.distributions;
  const has = found.distributions.some(each => each.environments.includes(environment?.id ?? ''));
  return best && best.source !== 'guess' && !has ? [best.name] : [];
}

/** What the index says of a project that is only guessed; nothing where it says nothing. */
async function aboutGuess(manager: IEnvironmentManager, found: IProviders): Promise<string> {
  const [best] = found.distributions;
  if (best?.source !== 'guess') {
    return '';
  }
  const said = await manager.reads.versions(best.name).catch(() => null);
  const newest = said?.versions[0];
  return said?.summary ? `${best.name} ${newest ?? ''}: “${said.summary.slice(0, 300)}”` : '';
}

/** The other environments with a kernel that have all that `answers` are about. */
export function havingAll(
  answers: ReadonlyArray<IProviders>,
  current: IEnvironment | undefined,
  environments: ReadonlyArray<IEnvironment>
): IUsable[] {
  const sets = answers
    .filter(each => each.distributions.length > 0)
    .map(each => new Set(each.distributions.flatMap(known => known.environments)));
  return environments
    .filter(
      each =>
        sets.length > 0 &&
        each.id !== current?.id &&
        each.state !== 'broken' &&
        sets.every(ids => ids.has(each.id))
    )
    .flatMap(({ name, kernels }) => {
      const kernel = kernels.find(known => known.language === 'python');
      return kernel ? [{ name, kernel: kernel.name }] : [];
    });
}

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
