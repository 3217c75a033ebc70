import {
  chipState,
  environmentName,
  environmentOf,
  savedKernel,
  type IChipInput
} from '../../src/model/notebook';
import { environment } from '../server';

const thesis = environment();

function spec(id: string | null, display_name = 'Python (thesis)') {
  const jupyter_envs = { id, prefix: `/data/envs/${id}` };
  return { display_name, metadata: id === null ? {} : { jupyter_envs } };
}

function state(fields: Partial<IChipInput> = {}) {
  return chipState({
    kernel: 'k-thesis',
    specs: { 'k-thesis': spec('thesis-id'), python3: spec(null, 'Python 3') },
    environments: [thesis],
    saved: null,
    packages: [],
    ...fields
  });
}

describe('chipState', () => {
  it('is the environment of the kernel', () => {
    expect(state()).toEqual({ kind: 'ready', label: 'thesis', environment: thesis });
  });

  it('is nothing without a kernel, and while the kernels are not known', () => {
    expect(state({ kernel: null })).toEqual({ kind: 'none' });
    expect(state({ specs: null })).toEqual({ kind: 'none' });
  });

  it('names a kernel of others', () => {
    expect(state({ kernel: 'python3' })).toEqual({ kind: 'foreign', label: 'Python 3' });
    // The environment that Jupyter runs in is nobody's to change.
    const own = environment({
      protected: true,
      kernels: [{ name: 'python3', display_name: 'Python 3', language: 'python' }]
    });
    expect(state({ kernel: 'python3', environments: [own] }).kind).toBe('foreign');
  });

  it('waits for the list', () => {
    expect(state({ environments: null })).toEqual({ kind: 'unknown', label: 'thesis' });
  });

  it('tells a broken and a busy one', () => {
    expect(state({ environments: [environment({ state: 'broken' })] }).kind).toBe('broken');
    expect(state({ environments: [environment({ state: 'busy' })] }).kind).toBe('busy');
  });

  it('tells what changed, unless something worse is to be told', () => {
    expect(state({ packages: ['six'] })).toMatchObject({ kind: 'changed', packages: ['six'] });
    const broken = environment({ state: 'broken' });
    expect(state({ packages: ['six'], environments: [broken] }).kind).toBe('broken');
  });

  it('tells what is gone: the environment, the kernelspec, the kernel of the file', () => {
    expect(state({ environments: [] })).toEqual({ kind: 'missing', label: 'thesis' });
    expect(state({ specs: {}, environments: [] })).toEqual({ kind: 'missing', label: 'k-thesis' });
    const saved = { name: 'old', displayName: 'Python (old)' };
    expect(state({ kernel: null, saved })).toEqual({ kind: 'missing', label: 'old' });
    expect(state({ kernel: null, saved: { ...saved, name: 'python3' } }).kind).toBe('none');
  });
});

describe('environmentOf', () => {
  it('goes by the kernel, then by our mark, whatever a foreign kernelspec holds', () => {
    expect(environmentOf('k-thesis', undefined, [thesis])).toBe(thesis);
    expect(environmentOf('x', spec('thesis-id'), [thesis])).toBe(thesis);
    expect(environmentOf('x', spec(null), [thesis])).toBeUndefined();
    const odd = { display_name: 'x', metadata: { jupyter_envs: 'thesis-id' } };
    expect(environmentOf('x', odd as never, [thesis])).toBeUndefined();
  });
});

describe('what a file says of its kernel', () => {
  it.each([null, undefined, {}, { name: '' }, { name: 3 }, 'x'])('may be %p', value =>
    expect(savedKernel(value)).toBeNull()
  );

  it('gives a name for an environment', () => {
    expect(savedKernel({ name: 'x' })).toEqual({ name: 'x', displayName: 'x' });
    expect(environmentName({ name: 'x', displayName: 'Python (my thesis)' })).toBe('my thesis');
    expect(environmentName({ name: 'x', displayName: 'R 4.3' })).toBe('R 4.3');
  });
});
