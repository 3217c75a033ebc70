import type { IPackage } from '../../src/api/types';
import {
  changeOf,
  countOf,
  isComplete,
  NOTHING,
  withAdds,
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
