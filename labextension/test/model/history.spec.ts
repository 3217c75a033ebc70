import type { IPlan, IRevision } from '../../src/api/types';
import { difference } from '../../src/model/history';

function plan(fields: Partial<IPlan>): IPlan {
  return { added: [], changed: [], removed: [], download_size: null, disk_size: null, ...fields };
}

function pin(name: string, version = '1') {
  return { name, version, size: 10 };
}

const plans: IPlan[] = [
  plan({ added: [pin('numpy', '1'), pin('six', '1')] }),
  plan({ changed: [{ name: 'numpy', from: '1', to: '2' }], added: [pin('pandas')] }),
  plan({ removed: [pin('six', '1')], changed: [{ name: 'numpy', from: '2', to: '3' }] }),
  plan({ added: [pin('six', '2')], removed: [pin('pandas')] })
];
const revisions: IRevision[] = plans
  .map((each, at) => ({
    revision: at + 1,
    time: '2026-01-01T00:00:00Z',
    by: 'rest' as const,
    action: 'change',
    asked: {},
    plan: each
  }))
  .reverse();

describe('difference', () => {
  it('takes the first and the last version of each package, whichever way', () => {
    const forth = difference(revisions, 1, 4);
    expect(forth.changed).toEqual([
      { name: 'numpy', from: '1', to: '3' },
      { name: 'six', from: '1', to: '2' }
    ]);
    expect(forth.added).toEqual([]);
    expect(forth.removed).toEqual([]);
    const back = difference(revisions, 4, 1);
    expect(back.changed).toEqual([
      { name: 'numpy', from: '3', to: '1' },
      { name: 'six', from: '2', to: '1' }
    ]);
  });

  it('tells what comes and what goes', () => {
    expect(difference(revisions, 2, 3)).toMatchObject({
      removed: [{ name: 'six', version: '1' }],
      changed: [{ name: 'numpy', from: '2', to: '3' }]
    });
    expect(difference(revisions, 3, 2).added).toEqual([{ name: 'six', version: '1', size: null }]);
  });

  it('is empty between a revision and itself', () => {
    expect(difference(revisions, 2, 2)).toEqual(plan({}));
  });
});
