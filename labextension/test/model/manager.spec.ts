import type { Event as ServerEvent } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Client } from '../../src/api/client';
import { JobsModel } from '../../src/model/jobs';
import { EnvironmentManager } from '../../src/model/manager';
import { environment, FakeServer, job, json } from '../server';

describe('EnvironmentManager', () => {
  let server: FakeServer;
  let manager: EnvironmentManager;
  let refreshSpecs: jest.Mock;
  let running: Array<{ id: string; name: string }>;
  let runningChanged: Signal<object, never>;
  let stream: Signal<object, ServerEvent.Emission>;

  beforeEach(() => {
    server = new FakeServer();
    server.on('GET environments', { environments: [environment()] });
    server.on('GET jobs', { jobs: [] });
    refreshSpecs = jest.fn().mockResolvedValue(undefined);
    running = [];
    stream = new Signal<object, ServerEvent.Emission>({});
    runningChanged = new Signal<object, never>({});
    const client = new Client(server.settings);
    manager = new EnvironmentManager({
      client,
      jobs: new JobsModel({ client }),
      events: { stream } as unknown as ServerEvent.IManager,
      measuredMs: 20,
      kernelspecs: { refreshSpecs },
      kernels: { running: () => running.values(), runningChanged } as never
    });
  });

  afterEach(() => {
    manager.dispose();
    hide(false);
  });

  function hide(hidden: boolean): void {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }

  it('asks for nothing before somebody watches', async () => {
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(server.asked).toHaveLength(0);
    expect(manager.environments).toBeNull();
  });

  it('loads for the first watcher', async () => {
    const watch = manager.watch();
    await manager.refresh();
    expect(manager.environments?.map(each => each.name)).toEqual(['thesis']);
    watch.dispose();
  });

  it('asks once more when asked while an answer is under way', async () => {
    const watch = manager.watch();
    const both = [manager.refresh(), manager.refresh()];
    server.on('GET environments', { environments: [] });
    await Promise.all(both);
    expect(server.count('GET environments')).toBe(2);
    expect(manager.environments).toEqual([]);
    watch.dispose();
  });

  it('keeps the list when the server is away, and recovers', async () => {
    const watch = manager.watch();
    await manager.refresh();
    server.on('GET environments', () => Promise.reject(new TypeError('failed')));
    await manager.refresh();
    expect(manager.failure?.offline).toBe(true);
    expect(manager.environments).toHaveLength(1);
    server.on('GET environments', () => json({}, 304));
    await manager.refresh();
    expect(manager.failure).toBeNull();
    expect(manager.environments).toHaveLength(1);
    expect(server.count('GET jobs')).toBe(2);
    watch.dispose();
  });

  it('renews kernelspecs and list when a job has ended', async () => {
    const watch = manager.watch();
    await manager.refresh();
    const before = server.count('GET environments');
    server.on('POST environments', job({ state: 'running' }), 202);
    await manager.create({ name: 'nlp' });
    expect(manager.jobs.isOwn('j1')).toBe(true);
    server.on('DELETE jobs/j1', job({ state: 'succeeded' }), 202);
    await manager.jobs.cancel('j1');
    await manager.refresh();
    expect(refreshSpecs).toHaveBeenCalledTimes(1);
    expect(server.count('GET environments')).toBeGreaterThan(before);
    watch.dispose();
  });

  it('looks once more for a size that was not measured when the job ended', async () => {
    const watch = manager.watch();
    server.on('GET environments', { environments: [environment({ size: null })] });
    await manager.refresh();
    manager.jobs.started(job());
    server.on('DELETE jobs/j1', job({ state: 'succeeded' }), 202);
    await manager.jobs.cancel('j1');
    await manager.refresh();
    server.on('GET environments', { environments: [environment({ size: 5 })] });
    await new Promise(resolve => manager.changed.connect(resolve));
    expect(manager.environments?.[0].size).toBe(5);
    watch.dispose();
  });

  it('renews kernelspecs again when a hidden tab comes back', async () => {
    hide(true);
    manager.jobs.started(job());
    server.on('DELETE jobs/j1', job({ state: 'succeeded' }), 202);
    await manager.jobs.cancel('j1');
    expect(refreshSpecs).toHaveBeenCalledTimes(1);
    hide(false);
    expect(refreshSpecs).toHaveBeenCalledTimes(2);
    hide(false);
    expect(refreshSpecs).toHaveBeenCalledTimes(2);
  });

  it('counts the running kernels of an environment', () => {
    const watch = manager.watch();
    const one = environment();
    expect(manager.running(one)).toBe(0);
    running = [
      { id: '1', name: 'k-thesis' },
      { id: '2', name: 'k-thesis' },
      { id: '3', name: 'python3' }
    ];
    const changed = jest.fn();
    manager.changed.connect(changed);
    runningChanged.emit(undefined as never);
    expect(manager.running(one)).toBe(2);
    expect(changed).toHaveBeenCalledTimes(1);
    watch.dispose();
  });

  it('asks again when the server tells of a change, if somebody looks', async () => {
    const tell = (schema: string) => stream.emit({ schema_id: schema, counter: 1 } as never);
    const ours = 'https://schema.jupyter.org/jupyter_envs/environments/v1';
    tell(ours);
    await manager.jobs.refresh();
    expect(server.count('GET environments')).toBe(0);
    const watch = manager.watch();
    await manager.refresh();
    const before = server.count('GET environments');
    tell('https://schema.jupyter.org/other/v1');
    const other = environment({ kernels: [] });
    server.on('GET environments', { environments: [other] });
    tell(ours);
    await new Promise(resolve => manager.changed.connect(resolve));
    expect(server.count('GET environments')).toBe(before + 1);
    expect(refreshSpecs).toHaveBeenCalledTimes(1);
    watch.dispose();
  });
});
