import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { fireEvent, screen, within } from '@testing-library/dom';

import { Client } from '../src/api/client';
import type { IDisk } from '../src/api/types';
import { DiskPage } from '../src/disk';
import { JobsModel } from '../src/model/jobs';
import { EnvironmentManager } from '../src/model/manager';
import { FakeServer, job } from './server';

const trans = nullTranslator.load('jupyter_envs');

function disk(fields: Partial<IDisk> = {}): IDisk {
  const entry = (name: string, exclusive: number) => ({
    id: `${name}-id`,
    name,
    prefix: `/data/${name}`,
    size: 400_000_000,
    exclusive,
    shared: 400_000_000 - exclusive
  });
  return {
    counted: '2026-01-01T00:00:00Z',
    stale: false,
    environments: [entry('small', 1_000_000), entry('<b>large', 300_000_000)],
    caches: [
      {
        name: 'uv',
        title: 'Packages that uv has downloaded',
        path: '/cache/uv',
        size: 2_000_000_000,
        exclusive: 1_200_000_000,
        cleanable: true
      },
      { name: 'pip', title: 'Of pip', path: '/p', size: 1, exclusive: 1, cleanable: false }
    ],
    total: 3_000_000_000,
    free: 50_000_000_000,
    capacity: 100_000_000_000,
    ...fields
  };
}

describe('DiskPage', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let page: DiskPage;
  const onOpen = jest.fn();

  beforeEach(() => {
    server = new FakeServer();
    server.on('GET disk', disk());
    server.on('GET kernels/gone', { kernels: [] });
    const client = new Client(server.settings);
    manager = new EnvironmentManager({ client, jobs: new JobsModel({ client, quietMs: 10 }) });
    page = new DiskPage({ manager, onOpen, onShow: jest.fn(), trans });
  });

  afterEach(() => {
    page.dispose();
    manager.dispose();
  });

  async function settle(turns = 8): Promise<void> {
    for (let n = 0; n < turns; n++) {
      MessageLoop.flush();
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  async function open(): Promise<void> {
    Widget.attach(page, document.body);
    await settle();
  }

  it('tells what each takes, the one that frees most first', async () => {
    await open();
    expect(page.node.textContent).toContain('Environments and caches take 3.0 GB together.');
    expect(page.node.textContent).toContain('50 GB of 100 GB are free.');
    const rows = within(screen.getByRole('table', { name: 'Environments' })).getAllByRole('row');
    expect(rows.map(row => row.textContent)).toEqual([
      'NameSizeSharedFrees when removed',
      '<b>large400 MB100 MB300 MB',
      'small400 MB399 MB1.0 MB'
    ]);
    fireEvent.click(screen.getByRole('button', { name: 'small' }));
    expect(onOpen).toHaveBeenCalledWith('small-id');
    expect(server.count('POST disk')).toBe(0);
  });

  it('counts when that was never done, and tells how far it is', async () => {
    server.on('GET disk', disk({ counted: null, stale: true, environments: [], caches: [] }));
    server.on('POST disk', job({ id: 'd1', action: 'disk', title: 'Measure the disk' }), 202);
    await open();
    expect(screen.getByRole('progressbar', { name: 'Measure the disk' })).toBeTruthy();
    server.on('GET disk', disk());
    server.on('GET jobs', {
      jobs: [job({ id: 'd1', action: 'disk', state: 'succeeded', result: {} })]
    });
    await manager.jobs.refresh();
    await settle();
    expect(screen.queryByRole('progressbar')).toBeNull();
    expect(screen.getByRole('table')).toBeTruthy();
  });

  it('asks before it cleans, and tells what came free', async () => {
    await open();
    expect(screen.queryByRole('button', { name: 'Clean: Of pip' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: /^Clean: Packages/ }));
    await settle();
    const question = screen.getByRole('group', { name: 'Clean uv?' });
    expect(question.textContent).toContain('This frees about 1.2 GB');
    server.on('DELETE cache', job({ id: 'c1', action: 'clean' }), 202);
    server.on('POST disk', job({ id: 'd1', action: 'disk', state: 'succeeded' }), 202);
    server.on('GET jobs', {
      jobs: [job({ id: 'c1', action: 'clean', state: 'succeeded', result: { freed: 900_000_000 } })]
    });
    fireEvent.click(within(question).getByRole('button', { name: 'Clean' }));
    await settle();
    expect(server.asked.find(asked => asked.method === 'DELETE')?.url).toContain('name=uv');
    expect(screen.getByText('Freed 900 MB.')).toBeTruthy();
    expect(server.count('POST disk')).toBe(1);
  });

  it('says why it could not, and reads again', async () => {
    server.on('GET disk', { message: 'Not now.', reason: 'x' }, 503);
    await open();
    expect(screen.getByRole('alert').textContent).toContain('Not now.');
    server.on('GET disk', disk({ environments: [], caches: [] }));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(screen.getByText('There are no environments yet.')).toBeTruthy();
  });

  it('removes the kernels whose environment is gone after a yes, those of a disk that is away by a tick', async () => {
    const kernel = (name: string, mounted: boolean) => ({
      name,
      display_name: `Python (${name})`,
      prefix: `/data/${name}`,
      mounted
    });
    server.on('GET kernels/gone', { kernels: [kernel('old', true), kernel('usb', false)] });
    server.on('DELETE kernels/gone', { kernels: [], removed: ['old', 'usb'] });
    Widget.attach(page, document.body);
    await settle();
    const section = screen.getByRole('region', { name: 'Kernels without an environment' });
    expect(section.textContent).toContain('/data/usb · its disk may not be mounted now');
    fireEvent.click(within(section).getByRole('button', { name: 'Remove…' }));
    await settle();
    expect(server.count('DELETE kernels/gone')).toBe(0);
    fireEvent.click(within(section).getByRole('checkbox'));
    await settle();
    server.on('GET kernels/gone', { kernels: [] });
    fireEvent.click(within(section).getByRole('button', { name: 'Remove' }));
    await settle();
    const sent = server.asked.filter(request => request.method === 'DELETE');
    expect(sent).toHaveLength(1);
    expect(new URL(sent[0].url).searchParams.get('unmounted')).toBe('true');
    expect(screen.queryByRole('region', { name: 'Kernels without an environment' })).toBeNull();
  });
});
