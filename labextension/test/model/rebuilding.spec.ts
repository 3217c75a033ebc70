import type { IJob } from '../../src/api/types';
import { untilAgreed } from '../../src/model/rebuilding';
import { job } from '../server';

const changed = { message: 'Not what was listed.', reason: 'approval_needed', hint: null };

it('asks anew after a job that would not do what was agreed to, and ends with one that did', async () => {
  const ends = [job({ state: 'failed', error: changed }), job({ state: 'succeeded' })];
  const ask = jest.fn(async () => job() as IJob | null);
  await untilAgreed(ask, async () => ends.shift()!);
  expect(ask.mock.calls).toEqual([[null], [changed]]);
});

it('ends with a no, and with another failure', async () => {
  const over = jest.fn(async () =>
    job({ state: 'failed', error: { message: 'No room.', reason: 'disk', hint: null } })
  );
  await untilAgreed(async () => null, over);
  expect(over).not.toHaveBeenCalled();
  const ask = jest.fn(async () => job() as IJob | null);
  await untilAgreed(ask, over);
  expect(ask).toHaveBeenCalledTimes(1);
});
