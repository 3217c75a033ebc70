import type { IPackage } from '../../src/api/types';
import {
  changeOf,
  countOf,
  isComplete,
  NOTHING,
  withAdds,
  withAll,
  without,
  withWish
} from '../../src/model/changes';

describe('pending changes', () => {
  const packages = [{ name: 'Jinja2' }, { name: 'six' }] as IPackage[];

  it('become one request, in the names that the packages have', () => {
    let pending = withAdds(NOTHING, [{ text: 'numpy>=2', valid: true }]);
    pending = withWish(pending, ['Jinja2'], { kind: 'upgrade' });
    pending = withWish(pending, ['six'], { kind: 'version', version: '1.16.0' });
    pending = withWish(pending, ['other'], { kind: 'remove' });
    expect(changeOf(pending, packages)).toEqual({
      install: ['numpy>=2', 'six==1.16.0'],
      upgrade: ['Jinja2'],
      remove: ['other']
    });
    expect(countOf(pending)).toBe(4);
    expect(isComplete(pending)).toBe(true);
  });

  it('upgrade all as the server means it, within what was asked for', () => {
    let pending = withWish(NOTHING, ['six'], { kind: 'upgrade' });
    pending = withAll(withWish(pending, ['Jinja2'], { kind: 'remove' }));
    expect(changeOf(pending, packages)).toEqual({
      install: [],
      upgrade: [],
      remove: ['Jinja2'],
      upgrade_all: true
    });
    expect(countOf(pending)).toBe(2);
    expect(isComplete(withAll(NOTHING))).toBe(true);
    expect(countOf(without(withAll(NOTHING), withAll(NOTHING)))).toBe(0);
  });

  it('change by pip what pip brought, where that is apart', () => {
    const mixed = [
      { name: 'numpy', manager: 'conda' },
      { name: 'Typing_Extensions', manager: 'pip' },
      { name: 'six', manager: 'pip' },
      { name: 'rich', manager: 'pip' }
    ] as IPackage[];
    let pending = withAdds({ ...NOTHING, orPip: true }, [{ text: 'pandas=2', valid: true }]);
    pending = withWish(pending, ['numpy'], { kind: 'version', version: '2.1' });
    pending = withWish(pending, ['Typing_Extensions'], { kind: 'version', version: '4.1' });
    pending = withWish(pending, ['six'], { kind: 'upgrade' });
    pending = withWish(pending, ['rich'], { kind: 'remove' });
    expect(changeOf(pending, mixed, true)).toEqual({
      install: ['pandas=2', 'numpy==2.1'],
      upgrade: [],
      remove: ['rich'],
      pip_packages: ['Typing_Extensions==4.1'],
      pip_upgrade: ['six'],
      or_pip: true
    });
    expect(changeOf(pending, mixed)).toEqual({
      install: ['pandas=2', 'numpy==2.1', 'Typing_Extensions==4.1'],
      upgrade: ['six'],
      remove: ['rich']
    });
  });

  it('hold one wish for a package, the last one', () => {
    let pending = withWish(NOTHING, ['six'], { kind: 'remove' });
    pending = withAdds(pending, [{ text: 'six<2', valid: true }]);
    expect(changeOf(pending, packages)).toEqual({ install: ['six<2'], upgrade: [], remove: [] });
    pending = withWish(pending, ['six'], { kind: 'remove' });
    expect(changeOf(pending, packages)).toEqual({ install: [], upgrade: [], remove: ['six'] });
    expect(countOf(withWish(pending, ['six'], null))).toBe(0);
  });

  it('are not complete with what is no requirement, nor when there are none', () => {
    expect(isComplete(NOTHING)).toBe(false);
    expect(isComplete(withAdds(NOTHING, [{ text: '$(id)', valid: false }]))).toBe(false);
  });

  it('keep what was wished for while others were done', () => {
    const done = withWish(withAdds(NOTHING, [{ text: 'a', valid: true }]), ['b'], {
      kind: 'remove'
    });
    const more = withWish(withAdds(done, [...done.adds, { text: 'c', valid: true }]), ['d'], {
      kind: 'upgrade'
    });
    const left = without(more, done);
    expect(left.adds.map(entry => entry.text)).toEqual(['c']);
    expect([...left.wishes.keys()]).toEqual(['d']);
  });
});
