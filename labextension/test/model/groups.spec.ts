import { grouped, matching } from '../../src/model/groups';
import { environment } from '../server';

describe('grouped', () => {
  it('puts each environment into its group, sorted as people count', () => {
    const groups = grouped([
      environment({ name: 'env-10' }),
      environment({ name: 'env-2' }),
      environment({ name: 'base', kind: 'conda', managed: false }),
      environment({ name: 'x/.venv', project: '/x', managed: false }),
      environment({ name: 'elsewhere', managed: false }),
      environment({ name: 'jupyter/.venv', project: '/j', managed: false, protected: true })
    ]);
    expect(groups.map(group => [group.id, group.environments.map(each => each.name)])).toEqual([
      ['folder', ['x/.venv']],
      ['mine', ['env-2', 'env-10']],
      ['conda', ['base']],
      ['others', ['elsewhere', 'jupyter/.venv']]
    ]);
  });

  it('leaves empty groups out', () => {
    expect(grouped([])).toEqual([]);
  });
});

describe('matching', () => {
  const all = [environment({ name: 'nlp' }), environment({ name: 'web', manager: 'venv' })];

  it.each([
    ['', ['nlp', 'web']],
    ['NL', ['nlp']],
    ['venv web', ['web']],
    ['python 3.12', ['nlp', 'web']],
    ['envs/nlp', ['nlp']],
    ['nothing', []]
  ])('%p finds %p', (query, names) => {
    expect(matching(all, query).map(each => each.name)).toEqual(names);
  });
});
