import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { Client } from '../../src/api/client';
import { JobsModel } from '../../src/model/jobs';
import { KernelStarts } from '../../src/model/kernelstarts';
import { EnvironmentManager } from '../../src/model/manager';
import { EnvironmentChip } from '../../src/plugins/chip';
import { environment, FakeServer } from '../server';
import { FakeStorage } from '../storage';

describe('EnvironmentChip', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let chip: EnvironmentChip;
  let status: Signal<object, string>;

  beforeEach(() => {
    server = new FakeServer();
    server.on('GET environments', { environments: [environment()] });
    server.on('GET jobs', { jobs: [] });
    packages('1');
    const client = new Client(server.settings);
    manager = new EnvironmentManager({ client, jobs: new JobsModel({ client }) });
    const owner = {};
    status = new Signal<object, string>(owner);
    const mark = { id: 'thesis-id', prefix: '/data/envs/thesis' };
    const sessionContext = {
      kernelChanged: new Signal(owner),
      statusChanged: status,
      session: { kernel: { id: 'kernel-1', name: 'k-thesis' } },
      specsManager: {
        specsChanged: new Signal(owner),
        specs: {
          kernelspecs: {
            'k-thesis': { display_name: 'Python (thesis)', metadata: { jupyter_envs: mark } }
          }
        }
      }
    };
    const context = { ready: Promise.resolve(), isReady: true };
    const model = { getMetadata: () => null };
    chip = new EnvironmentChip({
      panel: { sessionContext, context, model, isDisposed: false } as never,
      manager,
      starts: new KernelStarts({
        packages: id => manager.reads.packages(id),
        storage: new FakeStorage()
      }),
      trans: nullTranslator.load('jupyter_envs'),
      onOpen: jest.fn(),
      onRestart: jest.fn()
    });
    chip.hide();
    Widget.attach(chip, document.body);
  });

  afterEach(() => {
    chip.dispose();
    manager.dispose();
  });

  function packages(version: string): void {
    server.on('GET environments/thesis-id/packages', { packages: [{ name: 'six', version }] });
  }

  async function settle(): Promise<void> {
    for (let n = 0; n < 8; n++) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  it('asks for nothing while it is hidden', async () => {
    await settle();
    expect(server.asked).toHaveLength(0);
    chip.show();
    await settle();
    expect(chip.node.textContent).toBe('thesis');
    expect(server.count('GET environments')).toBe(1);
    expect(server.count('GET environments/thesis-id/packages')).toBe(1);
  });

  it('warns when a package changed under the kernel, until it restarts', async () => {
    chip.show();
    await settle();
    packages('2');
    server.on('GET environments', { environments: [environment({ revision: 2 })] });
    await manager.refresh();
    await settle();
    expect(chip.node.textContent).toBe('thesischangedRestart…');
    status.emit('restarting');
    await settle();
    expect(chip.node.textContent).toBe('thesis');
  });

  it('tells when the environment is gone', async () => {
    chip.show();
    await settle();
    server.on('GET environments', { environments: [] });
    await manager.refresh();
    await settle();
    expect(chip.node.textContent).toBe('thesismissing');
  });
});
