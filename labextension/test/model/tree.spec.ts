import type { ITreeNode } from '../../src/api/types';
import { reasonsFor } from '../../src/model/tree';

function node(name: string, required_by: string[], requested = false): ITreeNode {
  return { name, version: '1', requested, requires: [], required_by, missing: [] };
}

describe('reasonsFor', () => {
  const nodes = [
    node('six', ['dateutil']),
    node('dateutil', ['pandas', 'client']),
    node('pandas', [], true),
    node('client', ['kernel']),
    node('kernel', []),
    node('a', ['b']),
    node('b', ['a'])
  ];

  it('leads up to what was asked for, or what nothing needs', () =>
    expect(reasonsFor(nodes, 'six')).toEqual({
      chains: [
        ['six', 'dateutil', 'pandas'],
        ['six', 'dateutil', 'client', 'kernel']
      ],
      dependents: ['dateutil', 'pandas', 'client', 'kernel']
    }));
  it('finds nothing for what nothing needs', () =>
    expect(reasonsFor(nodes, 'Pandas')).toEqual({ chains: [], dependents: [] }));
  it('ends where packages need each other', () =>
    expect(reasonsFor(nodes, 'a')).toEqual({ chains: [], dependents: ['b'] }));
  it('bears a name that is not there', () =>
    expect(reasonsFor(nodes, 'x')).toEqual({ chains: [], dependents: [] }));
});
