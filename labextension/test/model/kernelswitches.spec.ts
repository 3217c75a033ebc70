import { Signal } from '@lumino/signaling';

import type { IJob } from '../../src/api/types';
import { KernelSwitches } from '../../src/model/kernelswitches';
import { environment, job } from '../server';
import { FakeStorage } from '../storage';

function setUp(storage = new FakeStorage()) {
  const jobs = { jobs: [] as IJob[], changed: null as never };
  const changed = new Signal<typeof jobs, void>(jobs);
  jobs.changed = changed as never;
  const onReady = jest.fn().mockReturnValue(true);
  const switches = new KernelSwitches({ jobs, storage, onReady });
  const say = (...known: IJob[]) => {
    jobs.jobs = known;
    changed.emit();
  };
  return { storage, onReady, switches, say };
}

const done = job({ state: 'succeeded', result: { environment: environment() } });

it('switches when the job is done, once', () => {
  const { onReady, switches, say } = setUp();
  say(job());
  switches.expect('j1', 'a/b.ipynb');
  expect(onReady).not.toHaveBeenCalled();
  say(done);
  say(done);
  expect(onReady.mock.calls).toEqual([['a/b.ipynb', 'k-thesis']]);
});

it('takes a job that ended before anybody asked', () => {
  const { onReady, switches, say } = setUp();
  say(done);
  switches.expect('j1', 'x.ipynb');
  expect(onReady).toHaveBeenCalledTimes(1);
});

it('leaves the kernel when the job fails, or brings none', () => {
  const { onReady, switches, say } = setUp();
  switches.expect('j1', 'x.ipynb');
  switches.expect('j2', 'x.ipynb');
  say(job({ state: 'failed' }), job({ id: 'j2', state: 'succeeded', result: {} }));
  say(done);
  expect(onReady).not.toHaveBeenCalled();
});

it('waits for the notebook', () => {
  const { onReady, switches, say } = setUp();
  onReady.mockReturnValueOnce(false);
  switches.expect('j1', 'x.ipynb');
  say(done);
  switches.look();
  switches.look();
  expect(onReady).toHaveBeenCalledTimes(2);
});

it('keeps the wish over a reload of the page', () => {
  const { storage, switches } = setUp();
  switches.expect('j1', 'x.ipynb');
  switches.dispose();
  const after = setUp(storage);
  after.say(done);
  expect(after.onReady).toHaveBeenCalledWith('x.ipynb', 'k-thesis');
});
