import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';

import { Client } from '../../src/api/client';
import { JobsModel } from '../../src/model/jobs';
import { EnvironmentManager } from '../../src/model/manager';
import { noticesPlugin } from '../../src/plugins/notices';
import type { IPlace } from '../../src/tokens';
import { environment, FakeServer, job } from '../server';

describe('notices', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let executed: string[];

  beforeEach(() => {
    server = new FakeServer();
    const client = new Client(server.settings);
    manager = new EnvironmentManager({ client, jobs: new JobsModel({ client }) });
    executed = [];
    const commands = new CommandRegistry();
    for (const id of ['notebook:create-new', 'jupyter-envs:open-page']) {
      commands.addCommand(id, { describedBy: {}, execute: () => void executed.push(id) });
    }
    void noticesPlugin.activate({ commands } as never, manager, null, null, null);
  });

  afterEach(() => {
    manager.dispose();
    Notification.dismiss();
  });

  /** Has this tab ask for a job that then ends well; what the notice offers. */
  async function offered(action: string, place?: IPlace): Promise<string[] | null> {
    const begun = job({ action, environment: 'thesis-id' });
    manager.jobs.started(begun);
    if (place) {
      manager.jobs.setPlace(begun.id, place);
    }
    const result = { environment: environment() };
    server.on('DELETE jobs/j1', { ...begun, state: 'succeeded', result }, 202);
    await manager.jobs.cancel('j1');
    await new Promise(resolve => setTimeout(resolve, 5));
    const [notice] = Notification.manager.notifications;
    notice?.options.actions?.forEach(each => each.callback(new MouseEvent('click')));
    return notice ? (notice.options.actions ?? []).map(each => each.label) : null;
  }

  it('leads to a notebook with a new kernel', async () => {
    expect(await offered('create')).toEqual(['New notebook']);
    expect(executed).toEqual(['notebook:create-new']);
  });

  it('leads to the page after a change of packages', async () => {
    expect(await offered('change')).toEqual(['Show environment']);
    expect(executed).toEqual(['jupyter-envs:open-page']);
  });

  it('leads nowhere after a new name', async () => {
    expect(await offered('rename')).toEqual([]);
  });

  it('leads back to where the job was asked for', async () => {
    const callback = jest.fn();
    const place = { tells: () => false, way: () => ({ label: 'Open a.ipynb', callback }) };
    expect(await offered('create', place)).toEqual(['Open a.ipynb']);
    expect(callback).toHaveBeenCalled();
  });

  it('offers nothing to who is there', async () => {
    expect(await offered('create', { tells: () => false, way: () => null })).toEqual([]);
  });

  it('is silent where that place tells it', async () => {
    expect(await offered('change', { tells: () => true, way: () => null })).toBeNull();
  });
});
