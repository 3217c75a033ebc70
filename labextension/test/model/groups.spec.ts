import { abilitiesOf } from '../../src/model/abilities';
import { grouped, matching, matchingProjects } from '../../src/model/groups';
import { environment, project } from '../server';

describe('grouped', () => {
  it('puts each environment into its group, sorted as people count', () => {
    const groups = grouped(
      [
        environment({ name: 'env-10' }),
        environment({ name: 'env-2' }),
        environment({ name: 'base', kind: 'conda', managed: false }),
        environment({ name: 'x/.venv', project: '/x', managed: false }),
        environment({ name: 'elsewhere', managed: false }),
        environment({ name: 'jupyter/.venv', project: '/j', managed: false, protected: true }),
        environment({ name: 'black', managed: false, protected: true, can: TOOL })
      ],
      []
    );
    expect(groups.map(group => [group.id, group.environments.map(each => each.name)])).toEqual([
      ['folder', ['x/.venv']],
      ['mine', ['env-2', 'env-10']],
      ['conda', ['base']],
      ['others', ['elsewhere', 'jupyter/.venv']],
      ['tools', ['black']]
    ]);
  });

  it('leaves empty groups out', () => {
    expect(grouped([], [])).toEqual([]);
  });

  it('has projects that are not made with those that are', () => {
    const groups = grouped([environment()], [project()]);
    expect(groups.map(group => [group.id, group.projects.length])).toEqual([
      ['folder', 1],
      ['mine', 0]
    ]);
  });
});

describe('matchingProjects', () => {
  it('leaves out those that are made, and finds by name, manager and folder', () => {
    const all = [project(), project({ path: '/p/made', environment: 'x' })];
    expect(matchingProjects(all, '')).toEqual([all[0]]);
    expect(matchingProjects(all, 'POETRY paper')).toEqual([all[0]]);
    expect(matchingProjects(all, 'pixi')).toEqual([]);
  });
});

describe('abilitiesOf', () => {
  const manager = {
    name: 'uv',
    title: 'uv',
    description: '',
    version: null,
    available: true,
    reason: null,
    capabilities: { create: true, by_prefix: true, channels: false, change: false, clone: false },
    default: true
  };

  it('goes by the manager’s capabilities, and trusts one that is not known', () => {
    expect(abilitiesOf(environment(), [])).toMatchObject({ change: true, clone: true });
    expect(abilitiesOf(environment(), [manager])).toMatchObject({
      change: false,
      clone: false,
      remove: true
    });
  });

  it('changes nothing that is protected, and brings back nothing that a lock file keeps', () => {
    expect(abilitiesOf(environment({ protected: true }), [])).toMatchObject({
      change: false,
      rename: false,
      rollback: false,
      remove: false
    });
    expect(abilitiesOf(environment({ lock: 'uv.lock' }), []).rollback).toBe(false);
  });
});

const TOOL = {
  change: false,
  clone: false,
  rename: false,
  rollback: false,
  kernel: false,
  remove: false,
  pip_apart: false
};

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
