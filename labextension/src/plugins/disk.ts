import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import type { DiskPage } from '../disk';
import { layersIcon } from '../icons';
import { IEnvironmentManager } from '../tokens';

export const diskPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:disk',
  description: 'A page in the main area that tells what environments and caches take on disk.',
  autoStart: true,
  requires: [IEnvironmentManager],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const tracker = new WidgetTracker<MainAreaWidget<DiskPage>>({ namespace: 'jupyter-envs-disk' });

    const makePage = (Page: typeof DiskPage): MainAreaWidget<DiskPage> => {
      const content = new Page({
        manager,
        trans,
        onOpen: id => void commands.execute(CommandIDs.openPage, { id }),
        onShow: () => void commands.execute(CommandIDs.showDisk)
      });
      const widget = new MainAreaWidget({ content });
      widget.toolbar.hide();
      widget.id = 'jupyter-envs-disk';
      return widget;
    };

    commands.addCommand(CommandIDs.showDisk, {
      label: trans.__('Show Disk Usage'),
      caption: trans.__('What environments and caches take on disk, and cleaning'),
      icon: layersIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        const { DiskPage: Page } = await import('../disk');
        let widget = tracker.find(() => true);
        if (!widget) {
          widget = makePage(Page);
          void tracker.add(widget);
        }
        if (!widget.isAttached) {
          shell.add(widget, 'main', { type: 'Disk usage' });
        }
        shell.activateById(widget.id);
        return widget;
      }
    });
    palette?.addItem({ command: CommandIDs.showDisk, category: trans.__('Environments') });
    void restorer?.restore(tracker, { command: CommandIDs.showDisk, name: () => 'disk' });
  }
};
