import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IJob } from '../api/types';
import { jobTitle } from '../components/text';
import { kernelOf } from '../model/kernelswitches';
import { IEnvironmentManager, IEnvironmentsPanel } from '../tokens';
import { SETTINGS_ID } from './settings';

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
    const trans = (translator ?? nullTranslator).load('jupyter_envs');

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
      if (job.state !== 'succeeded' || (job.environment && manager.isPageInView(job.environment))) {
        // The page tells it, with a way back.
        return;
      }
      const kernelName = kernelOf(job);
      Notification.success(trans.__('Done: %1', title), {
        autoClose: 8000,
        actions: kernelName
          ? [
              {
                label: trans.__('New notebook'),
                callback: () => void app.commands.execute('notebook:create-new', { kernelName })
              }
            ]
          : []
      });
    };

    manager.jobs.ended.connect((jobs, job) => {
      if (jobs.isOwn(job.id)) {
        void notify(job);
      }
    });
  }
};
