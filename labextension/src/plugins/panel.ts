import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCommands, CommandIDs } from '../commands';
import { download } from '../components/download';
import { untilAgreed } from '../model/rebuilding';
import type { IPanelOptions } from '../panel';
import { carriesFile } from '../filedrop';
import { EnvironmentsPanel } from '../panel';
import { IEnvironmentManager, IEnvironmentsPanel } from '../tokens';

const PLUGIN_ID = 'jupyter-envs:panel';

export const panelPlugin: JupyterFrontEndPlugin<IEnvironmentsPanel> = {
  id: PLUGIN_ID,
  description: 'The Environments panel in the left sidebar, with its commands.',
  autoStart: true,
  requires: [IEnvironmentManager],
  optional: [
    ITranslator,
    ISettingRegistry,
    ICommandPalette,
    ILayoutRestorer,
    IDefaultFileBrowser,
    INotebookTracker
  ],
  provides: IEnvironmentsPanel,
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null,
    notebooks: INotebookTracker | null
  ): IEnvironmentsPanel => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const panel = new EnvironmentsPanel({
      manager,
      contents: app.serviceManager.contents,
      trans,
      suggestName: () =>
        PathExt.basename(browser?.model.path || PageConfig.getOption('serverRoot')),
      // Without the command nobody could give the notebook its kernel.
      currentNotebook: () =>
        commands.hasCommand(CommandIDs.useInNotebook)
          ? (notebooks?.currentWidget?.context.path ?? null)
          : null,
      onNotebook: (filename, notebook) => {
        void import('../rebuild').then(({ askToRebuild }) =>
          untilAgreed(
            told => askToRebuild({ manager, notebook, filename, told, trans }),
            job => manager.jobs.over(job)
          )
        );
      },
      onShow: () => shell.activateById(panel.id),
      onOpen: environment => {
        if (commands.hasCommand(CommandIDs.openPage)) {
          void commands.execute(CommandIDs.openPage, { id: environment.id });
        }
      },
      onShowDisk: () => void commands.execute(CommandIDs.showDisk),
      onOpenNotebook: environment =>
        void commands.execute('notebook:create-new', {
          kernelName: environment.kernels[0].name,
          cwd: browser?.model.path ?? ''
        }),
      onExport: download,
      onCreateFor: (job, notebook) => {
        // Without notebooks in this application nobody could have asked for it.
        if (commands.hasCommand(CommandIDs.useInNotebook)) {
          void commands.execute(CommandIDs.useInNotebook, { job: job.id, notebook });
        }
      }
    });
    shell.add(panel, 'left', { rank: 450, type: 'Environments' });
    restorer?.add(panel, panel.id);
    openOnDrag(panel.id, () => shell.activateById(panel.id));
    addCommands(app, manager, panel, trans);
    const category = trans.__('Environments');
    for (const command of [CommandIDs.open, CommandIDs.create, CommandIDs.refresh]) {
      palette?.addItem({ command, category });
    }
    if (registry) {
      void followSettings(registry, panel);
    }
    return panel;
  }
};

/** Without its settings, as in a broken schema, the panel keeps its defaults. */
async function followSettings(registry: ISettingRegistry, panel: EnvironmentsPanel): Promise<void> {
  try {
    const settings = await registry.load(PLUGIN_ID);
    const apply = () => {
      panel.options = settings.composite as unknown as IPanelOptions;
    };
    settings.changed.connect(apply);
    apply();
  } catch (error) {
    console.warn('The settings of jupyter-envs could not be read.', error);
  }
}

/** Opens the panel when a file is dragged onto its tab: the file browser lies in its place. */
function openOnDrag(id: string, open: () => void): void {
  const onEnter = (event: Event) => {
    const tab = (event.target as Element).closest('.lm-TabBar-tab') as HTMLElement | null;
    if (tab?.dataset.id === id && carriesFile(event as DragEvent)) {
      open();
    }
  };
  document.addEventListener('dragenter', onEnter);
  document.addEventListener('lm-dragenter', onEnter);
}
