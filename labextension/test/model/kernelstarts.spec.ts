import type { IPackage } from '../../src/api/types';
import { KernelStarts } from '../../src/model/kernelstarts';
import { environment } from '../server';
import { FakeStorage } from '../storage';

let here: { [name: string]: string };
let asked: number;
let storage: FakeStorage;

function starts(): KernelStarts {
  return new KernelStarts({
    packages: async () => {
      asked++;
      return Object.entries(here).map(([name, version]) => ({ name, version }) as IPackage);
    },
    storage
  });
}

beforeEach(() => {
  here = { numpy: '1', six: '1' };
  asked = 0;
  storage = new FakeStorage();
});

it('tells what has another version, or is gone, and not what was added', async () => {
  const model = starts();
  expect(await model.changes('k', environment())).toEqual([]);
  here = { numpy: '2', pandas: '1' };
  expect(await model.changes('k', environment({ revision: 2 }))).toEqual(['numpy', 'six']);
  // What was added may be loaded by now.
  here = { numpy: '1', six: '1', pandas: '2' };
  expect(await model.changes('k', environment({ revision: 3 }))).toEqual(['pandas']);
});

it('asks once for each state of the environment', async () => {
  const model = starts();
  await Promise.all([model.changes('k', environment()), model.changes('k', environment())]);
  await model.changes('k', environment());
  expect(asked).toBe(1);
  await model.changes('k', environment({ modified: '2026-02-01T00:00:00Z' }));
  await model.changes('k', environment({ modified: '2026-02-01T00:00:00Z' }));
  expect(asked).toBe(2);
});

it('forgets with a restart, and remembers over a reload of the page', async () => {
  await starts().changes('k', environment());
  here.numpy = '2';
  const reloaded = starts();
  expect(await reloaded.changes('k', environment({ revision: 2 }))).toEqual(['numpy']);
  reloaded.forget('k');
  expect(await reloaded.changes('k', environment({ revision: 2 }))).toEqual([]);
});

it('asks again after a failure', async () => {
  const packages = jest.fn().mockRejectedValueOnce(new Error('offline')).mockResolvedValue([]);
  const model = new KernelStarts({ packages, storage });
  await expect(model.changes('k', environment())).rejects.toThrow('offline');
  expect(await model.changes('k', environment())).toEqual([]);
});

it.each(['{', '{}', 'null'])('lives with %p in the storage', async text => {
  storage.setItem('jupyter-envs:kernel-starts', text);
  expect(await starts().changes('k', environment())).toEqual([]);
});
