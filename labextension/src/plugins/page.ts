import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { layersIcon } from '../icons';
import type { EnvironmentPage } from '../page';
import { IEnvironmentManager } from '../tokens';

type PageWidget = MainAreaWidget<EnvironmentPage>;

export const pagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:page',
  description: 'The page of an environment in the main area.',
  autoStart: true,
  requires: [IEnvironmentManager],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, IDefaultFileBrowser, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null,
    labShell: ILabShell | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const tracker = new WidgetTracker<PageWidget>({ namespace: 'jupyter-envs-page' });

    // Who has looked at the list may open one of it: then its code is there.
    const preload = () => {
      manager.changed.disconnect(preload);
      window.setTimeout(() => void import('../page').catch(() => undefined), PRELOAD_MS);
    };
    manager.changed.connect(preload);

    const makePage = (id: string, Page: typeof EnvironmentPage): PageWidget => {
      const content = new Page({
        manager,
        id,
        trans,
        onOpenNotebook: environment =>
          void app.commands.execute('notebook:create-new', {
            kernelName: environment.kernels[0].name,
            cwd: browser?.model.path ?? ''
          }),
        ...(app.serviceManager.terminals.isAvailable() && {
          onOpenTerminal: known =>
            void app.commands.execute(CommandIDs.openTerminal, { id: known.id })
        })
      });
      const widget = new MainAreaWidget({ content });
      // The page has its buttons in its head.
      widget.toolbar.hide();
      widget.id = `jupyter-envs-page-${counter++}`;
      content.renamed.connect(() => void tracker.save(widget));
      content.closed.connect(() => widget.close());
      return widget;
    };

    app.commands.addCommand(CommandIDs.openPage, {
      label: args => (args.id ? trans.__('Open Environment') : trans.__('Open Environment…')),
      caption: trans.__('Show packages, history and health of an environment'),
      icon: layersIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            id: { type: 'string', description: trans.__('The id of the environment') }
          }
        }
      },
      execute: async args => {
        const id = typeof args.id === 'string' ? args.id : await choose(manager, trans);
        if (id === null) {
          return null;
        }
        const { EnvironmentPage: Page } = await import('../page');
        let widget = tracker.find(page => page.content.model.id === id);
        if (!widget) {
          widget = makePage(id, Page);
          void tracker.add(widget);
        }
        if (!widget.isAttached) {
          // Jupyter Notebook has room for one document, and for what belongs to it on the right.
          app.shell.add(widget, labShell ? 'main' : 'right', { type: 'Environment' });
        }
        app.shell.activateById(widget.id);
        return widget;
      }
    });

    palette?.addItem({ command: CommandIDs.openPage, category: trans.__('Environments') });

    void restorer?.restore(tracker, {
      command: CommandIDs.openPage,
      args: widget => ({ id: widget.content.model.id }),
      name: widget => widget.content.model.id
    });
  }
};

/** By then the list is drawn, which is not to wait for it. */
const PRELOAD_MS = 1000;

let counter = 1;

/** The id of the environment that the user picks, or null. */
async function choose(
  manager: IEnvironmentManager,
  trans: TranslationBundle
): Promise<string | null> {
  const watch = manager.watch();
  try {
    await manager.refresh();
  } finally {
    watch.dispose();
  }
  const environments = manager.environments ?? [];
  const names = environments.map(known => known.name);
  const { value } = await InputDialog.getItem({
    title: trans.__('Open environment'),
    label: trans.__('Environment'),
    items: names,
    okLabel: trans.__('Open')
  });
  return environments[names.indexOf(value ?? '')]?.id ?? null;
}
