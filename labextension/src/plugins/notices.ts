import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IJob } from '../api/types';
import { CommandIDs } from '../commands';
import { jobTitle } from '../components/jobtext';
import { kernelOf } from '../model/kernelswitches';
import { IEnvironmentManager, IEnvironmentsPanel, type IPlace } from '../tokens';
import { SETTINGS_ID } from './settings';

/** Actions after which a kernel is there that was not there before. */
const MAKES_KERNEL: ReadonlySet<string> = new Set(['create', 'clone', 'kernel', 'repair']);

/** Actions whose outcome, and the way back, are on the page of the environment. */
const CHANGES_PACKAGES: ReadonlySet<string> = new Set(['change', 'rollback']);

export const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notices',
  description: 'A notice with the next step when a job of this tab has ended.',
  autoStart: true,
  requires: [IEnvironmentManager],
  optional: [ITranslator, ISettingRegistry, IEnvironmentsPanel],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    panel: IEnvironmentsPanel | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');

    /** What one does with the outcome of a job that was asked for nowhere in particular. */
    const nextStep = (job: IJob): ReturnType<IPlace['way']> => {
      const kernelName = kernelOf(job);
      const id = job.environment;
      if (MAKES_KERNEL.has(job.action) && kernelName) {
        return {
          label: trans.__('New notebook'),
          callback: () => void commands.execute('notebook:create-new', { kernelName })
        };
      }
      if (CHANGES_PACKAGES.has(job.action) && id && commands.hasCommand(CommandIDs.openPage)) {
        return {
          label: trans.__('Show environment'),
          callback: () => void commands.execute(CommandIDs.openPage, { id })
        };
      }
      return null;
    };

    const notify = async (job: IJob): Promise<void> => {
      const settings = await registry?.load(SETTINGS_ID).catch(() => null);
      const wanted = settings?.get('notifications').composite ?? 'all';
      if (wanted === 'none' || (wanted === 'failures' && job.state === 'succeeded')) {
        return;
      }
      const title = jobTitle(job);
      if (job.state === 'failed' || job.state === 'interrupted') {
        const why = [job.error?.message, job.error?.hint].filter(Boolean).join(' ');
        Notification.error(
          trans.__('%1: %2', title, why || trans.__('the server stopped while it ran.')),
          {
            autoClose: false,
            actions: panel
              ? [{ label: trans.__('Show log'), callback: () => panel.showLog(job) }]
              : []
          }
        );
        return;
      }
      const place = manager.jobs.placeOf(job.id);
      // The page tells it with a way back, a cell with what it needs next.
      const told = place?.tells() || (job.environment && manager.isPageInView(job.environment));
      if (job.state !== 'succeeded' || told) {
        return;
      }
      const next = place ? place.way() : nextStep(job);
      Notification.success(trans.__('Done: %1', title), {
        autoClose: 8000,
        actions: next ? [next] : []
      });
    };

    manager.jobs.ended.connect((jobs, job) => {
      if (jobs.isOwn(job.id)) {
        void notify(job);
      }
    });
  }
};
