import type { IProviders } from '../../src/api/types';
import { havingAll } from '../../src/plugins/importerror';
import { environment } from '../server';

const CURRENT = environment({ name: 'current' });
const LAB = environment({ name: 'lab' });
const PART = environment({ name: 'part' });
const ALL = [CURRENT, PART, LAB];

function found(name: string, ...environments: string[]): IProviders {
  return { module: name, distributions: [{ name, source: 'installed', environments }] };
}

describe('the environments that have all that a cell lacks', () => {
  it('are those with each of the modules', () => {
    const answers = [found('a', 'part-id', 'lab-id', 'current-id'), found('b', 'lab-id')];
    expect(havingAll(answers, CURRENT, ALL)).toEqual([{ name: 'lab', kernel: 'k-lab' }]);
    // What Python itself brings is everywhere.
    const more = [...answers, { module: 'os', distributions: [] }];
    expect(havingAll(more, CURRENT, ALL)).toHaveLength(1);
    expect(havingAll([{ module: 'x', distributions: [] }], CURRENT, ALL)).toEqual([]);
  });

  it('are none that are broken or have no kernel of Python', () => {
    const broken = environment({ name: 'lab', state: 'broken' });
    const bare = environment({ name: 'lab', kernels: [] });
    const kernels = [{ name: 'ir', display_name: 'R', language: 'R' }];
    for (const each of [broken, bare, environment({ name: 'lab', kernels })]) {
      expect(havingAll([found('a', 'lab-id')], undefined, [each])).toEqual([]);
    }
  });
});
