import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Event, Kernel, KernelSpec } from '@jupyterlab/services';
import {
  IEventManager,
  IKernelManager,
  IKernelSpecManager,
  IServerSettings,
  ServerConnection
} from '@jupyterlab/services';

import { Client } from '../api/client';
import { JobsModel } from '../model/jobs';
import { EnvironmentManager } from '../model/manager';
import { StoredIds } from '../model/storedids';
import { IEnvironmentManager } from '../tokens';

/** Asks the server for nothing before somebody watches, or a job of this tab was under way. */
export const managerPlugin: JupyterFrontEndPlugin<IEnvironmentManager> = {
  id: 'jupyter-envs:manager',
  description: 'Provides the environments of the server and the jobs that change them.',
  autoStart: true,
  optional: [IServerSettings, IEventManager, IKernelSpecManager, IKernelManager],
  provides: IEnvironmentManager,
  activate: (
    app: JupyterFrontEnd,
    settings: ServerConnection.ISettings | null,
    events: Event.IManager | null,
    kernelspecs: KernelSpec.IManager | null,
    kernels: Kernel.IManager | null
  ): IEnvironmentManager => {
    const client = new Client(settings ?? ServerConnection.makeSettings());
    const { baseUrl } = client.settings;
    const jobs = new JobsModel({
      client,
      events,
      // Several servers can share an origin, as on a hub.
      seen: new StoredIds(window.localStorage, `jupyter-envs:jobs-seen:${baseUrl}`),
      pending: new StoredIds(window.sessionStorage, `jupyter-envs:jobs-pending:${baseUrl}`)
    });
    void app.restored.then(() => jobs.resume());
    return new EnvironmentManager({ client, jobs, events, kernelspecs, kernels });
  }
};
