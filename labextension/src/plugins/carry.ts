import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IEnvironment, IErrorBody, IJob } from '../api/types';
import { CommandIDs } from '../commands';
import { layersIcon } from '../icons';
import { carry, placeOf } from '../model/carried';
import { environmentOf } from '../model/notebook';
import { untilAgreed } from '../model/rebuilding';
import { IEnvironmentManager } from '../tokens';
import { SETTINGS_ID } from './settings';

export const carryPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:carry',
  description: 'Notebooks that carry their environment: recorded, kept current, rebuilt.',
  autoStart: true,
  requires: [IEnvironmentManager, INotebookTracker],
  optional: [ITranslator, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');

    const environmentIn = (panel: NotebookPanel): IEnvironment | undefined => {
      const { session, specsManager } = panel.sessionContext;
      const name = session?.kernel?.name;
      return name
        ? environmentOf(name, specsManager.specs?.kernelspecs[name], manager.environments ?? [])
        : undefined;
    };

    const record = async (
      panel: NotebookPanel,
      id: string,
      place: 'cell' | 'metadata'
    ): Promise<void> => {
      const found = await manager.reads.notebookRecord(id, place);
      if (panel.model && !panel.isDisposed) {
        carry(panel.model.sharedModel, found, place);
        found.warnings.forEach(text => Notification.warning(text, { autoClose: 8000 }));
      }
    };

    commands.addCommand(CommandIDs.record, {
      label: trans.__('Record Environment in Notebook'),
      caption: trans.__(
        'Write into the notebook what it needs, so that it can be made again elsewhere'
      ),
      icon: layersIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => notebooks.currentWidget !== null,
      execute: async () => {
        const panel = notebooks.currentWidget;
        if (!panel) {
          return;
        }
        await manager.refresh();
        const environment = environmentIn(panel);
        if (!environment) {
          Notification.warning(
            trans.__('The kernel of this notebook runs in no environment that is known here.')
          );
          return;
        }
        const settings = await registry?.load(SETTINGS_ID).catch(() => null);
        const wanted = settings?.get('recordIn').composite === 'metadata' ? 'metadata' : 'cell';
        try {
          await record(panel, environment.id, wanted);
          Notification.success(trans.__('The notebook says what it needs: %1.', environment.name), {
            autoClose: 5000
          });
        } catch (error) {
          Notification.error(error instanceof Error ? error.message : String(error));
        }
      }
    });

    commands.addCommand(CommandIDs.rebuild, {
      label: trans.__('Rebuild Environment of Notebook…'),
      caption: trans.__('Make the environment that the notebook carries'),
      icon: layersIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            notebook: { type: 'string', description: trans.__('The path of the notebook') }
          }
        }
      },
      isEnabled: () => notebooks.currentWidget !== null,
      execute: async args => {
        const panel = args.notebook
          ? notebooks.find(known => known.context.path === args.notebook)
          : notebooks.currentWidget;
        if (!panel?.model) {
          return;
        }
        const { path } = panel.context;
        const { askToRebuild } = await import('../rebuild');
        const ask = async (told: IErrorBody | null): Promise<IJob | null> => {
          if (!panel.model) {
            return null;
          }
          const job = await askToRebuild({
            manager,
            notebook: JSON.stringify(panel.model.toJSON()),
            filename: PathExt.basename(path),
            told,
            trans
          });
          if (job) {
            void commands.execute(CommandIDs.useInNotebook, { job: job.id, notebook: path });
          }
          return job;
        };
        void untilAgreed(ask, job => manager.jobs.over(job));
      }
    });

    for (const command of [CommandIDs.record, CommandIDs.rebuild]) {
      palette?.addItem({ command, category: trans.__('Environments') });
    }
    notebooks.currentChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.record);
      commands.notifyCommandChanged(CommandIDs.rebuild);
    });

    // The revision of its environment that each open notebook was seen with.
    const seen = new WeakMap<NotebookPanel, string>();
    const keepCurrent = (panel: NotebookPanel): void => {
      const environment = environmentIn(panel);
      if (!environment || environment.state === 'busy' || !panel.model) {
        return;
      }
      const now = `${environment.id} ${environment.revision}`;
      const before = seen.get(panel);
      seen.set(panel, now);
      const place =
        before !== undefined && before !== now ? placeOf(panel.model.sharedModel) : null;
      // Only the environment that the notebook ran in before: another kernel is no change of it.
      if (place && before?.startsWith(`${environment.id} `) && !panel.model.readOnly) {
        void record(panel, environment.id, place).catch(() => seen.delete(panel));
      }
    };
    manager.changed.connect(() => notebooks.forEach(keepCurrent));
    notebooks.widgetAdded.connect((_, panel) =>
      panel.sessionContext.kernelChanged.connect(() => keepCurrent(panel))
    );
  }
};
