import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Client } from '../../src/api/client';
import { JobsModel } from '../../src/model/jobs';
import { StoredIds } from '../../src/model/storedids';
import type { IJob } from '../../src/api/types';
import { FakeServer, job } from '../server';

const SCHEMA = 'https://schema.jupyter.org/jupyter_envs/job/v1';

describe('JobsModel', () => {
  let server: FakeServer;
  let stream: Signal<object, Event.Emission>;
  let jobs: JobsModel;
  let ended: IJob[];

  function tell(told: IJob, schema = SCHEMA): void {
    const { id, action, title, environment, state, progress } = told;
    stream.emit({ schema_id: schema, id, action, title, environment, state, progress } as never);
  }

  beforeEach(() => {
    jest.useFakeTimers();
    server = new FakeServer();
    stream = new Signal<object, Event.Emission>({});
    const events = { stream } as unknown as Event.IManager;
    jobs = new JobsModel({ client: new Client(server.settings), events });
    ended = [];
    jobs.ended.connect((_, each) => ended.push(each));
  });

  afterEach(() => {
    jobs.dispose();
    jest.useRealTimers();
  });

  it('shows progress from events without a request', () => {
    jobs.started(job());
    const progress = { phase: 'install', done: 50, total: 63, unit: 'packages', fraction: 0.8 };
    tell(job({ progress }));
    expect(jobs.shown[0].progress.done).toBe(50);
    expect(server.asked).toHaveLength(0);
  });

  it('reads the end from the server and tells it once', async () => {
    jobs.started(job());
    server.on('GET jobs/j1', job({ state: 'succeeded', result: { environment: null } }));
    tell(job({ state: 'succeeded' }));
    tell(job({ state: 'succeeded' }));
    await jest.advanceTimersByTimeAsync(0);
    tell(job({ state: 'succeeded' }));
    await jest.advanceTimersByTimeAsync(0);
    expect(ended.map(each => each.state)).toEqual(['succeeded']);
    expect(ended[0].result).toEqual({ environment: null });
    expect(jobs.shown).toEqual([]);
  });

  it('does not believe an event that makes up an end', async () => {
    jobs.started(job());
    server.on('GET jobs/j1', job());
    tell(job({ state: 'failed' }));
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual([]);
    expect(jobs.shown[0].state).toBe('running');
  });

  it('does not go back when a late event follows the end', async () => {
    jobs.started(job());
    server.on('GET jobs/j1', job({ state: 'failed' }));
    tell(job({ state: 'failed' }));
    await jest.advanceTimersByTimeAsync(0);
    tell(job({ state: 'running' }));
    expect(jobs.shown[0].state).toBe('failed');
  });

  it('learns of jobs that other clients start', async () => {
    server.on('GET jobs/j2', job({ id: 'j2', state: 'queued' }));
    tell(job({ id: 'j2', state: 'queued' }));
    await jest.advanceTimersByTimeAsync(0);
    expect(jobs.shown.map(each => each.id)).toEqual(['j2']);
    expect(jobs.isOwn('j2')).toBe(false);
  });

  it('tells the end of a job that it never saw running', async () => {
    server.on('GET jobs/j2', job({ id: 'j2', state: 'succeeded' }));
    tell(job({ id: 'j2', state: 'succeeded' }));
    await jest.advanceTimersByTimeAsync(0);
    expect(ended.map(each => each.id)).toEqual(['j2']);
  });

  it('ignores the events of others', async () => {
    tell(job(), 'https://schema.jupyter.org/other/v1');
    await jest.advanceTimersByTimeAsync(0);
    expect(server.asked).toHaveLength(0);
  });

  it('keeps a failure until it is dismissed, not those of the past', async () => {
    server.on('GET jobs', { jobs: [job({ id: 'old', state: 'failed' }), job({ id: 'now' })] });
    await jobs.refresh();
    expect(jobs.shown.map(each => each.id)).toEqual(['now']);
    expect(ended).toEqual([]);
    server.on('GET jobs', { jobs: [job({ id: 'now', state: 'interrupted' })] });
    await jobs.refresh();
    expect(jobs.shown.map(each => each.state)).toEqual(['interrupted']);
    jobs.dismiss('now');
    expect(jobs.shown).toEqual([]);
  });

  it('asks for a silent job, ever less often, and stops when it is over', async () => {
    server.on('GET jobs', { jobs: [job()] });
    jobs.started(job());
    await jest.advanceTimersByTimeAsync(5100);
    expect(server.count('GET jobs')).toBe(1);
    await jest.advanceTimersByTimeAsync(10100);
    expect(server.count('GET jobs')).toBe(2);
    server.on('GET jobs', { jobs: [job({ state: 'succeeded' })] });
    await jest.advanceTimersByTimeAsync(20100);
    expect(ended).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(300_000);
    expect(server.count('GET jobs')).toBe(3);
  });

  it('cancels', async () => {
    jobs.started(job());
    server.on('DELETE jobs/j1', job({ state: 'cancelled' }), 202);
    await jobs.cancel('j1');
    expect(ended.map(each => each.state)).toEqual(['cancelled']);
    expect(jobs.shown).toEqual([]);
  });

  it('tells after a reload of the page what became of a job', async () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value)
    };
    const make = () =>
      new JobsModel({
        client: new Client(server.settings),
        seen: new StoredIds(storage, 'seen'),
        pending: new StoredIds(storage, 'pending')
      });
    const first = make();
    await first.resume();
    expect(server.asked).toHaveLength(0);
    first.started(job());
    first.dispose();

    server.on('GET jobs', {
      jobs: [job({ state: 'interrupted' }), job({ id: 'old', state: 'failed' })]
    });
    const second = make();
    const told: IJob[] = [];
    second.ended.connect((model, each) => {
      expect(model.isOwn(each.id)).toBe(true);
      told.push(each);
    });
    await second.resume();
    expect(told.map(each => each.state)).toEqual(['interrupted']);
    expect(second.shown.map(each => each.id)).toEqual(['j1']);
    second.dispose();

    const third = make();
    third.ended.connect((_, each) => told.push(each));
    await third.resume();
    await third.refresh();
    expect(told).toHaveLength(1);
    expect(third.shown.map(each => each.id)).toEqual(['j1']);
    third.dismiss('j1');
    third.dispose();
    const fourth = make();
    await fourth.refresh();
    expect(fourth.shown).toEqual([]);
    fourth.dispose();
  });
});
