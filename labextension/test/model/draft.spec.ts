import {
  emptyDraft,
  fieldOf,
  requestOf,
  settled,
  withInspected,
  withoutImport
} from '../../src/model/draft';
import { inspected } from '../server';

const paper = inspected({
  create: { name: 'Paper', packages: ['six', 'numpy'], python: '3.12', manager: 'conda' }
});

describe('a draft', () => {
  it('asks for no more than the user chose', () => {
    expect(requestOf(emptyDraft('a'))).toEqual({ name: 'a', packages: [] });
  });

  it('takes in what is still being typed', () => {
    const draft = settled({ ...emptyDraft('a'), typed: 'six numpy' });
    expect(draft.packages.map(entry => entry.text)).toEqual(['six', 'numpy']);
    expect(draft.typed).toBe('');
  });

  it('sends a folder in the place of the name, and channels one by one', () => {
    const draft = {
      ...emptyDraft('a'),
      prefix: ' /p/.venv ',
      typedChannel: 'conda-forge, bioconda'
    };
    expect(requestOf(settled(draft))).toEqual({
      prefix: '/p/.venv',
      packages: [],
      channels: ['conda-forge', 'bioconda']
    });
  });

  it('takes a file’s wishes where the user has none', () => {
    const untouched = withInspected(emptyDraft('a'), paper, ['paper']);
    expect(requestOf(untouched)).toEqual({
      name: 'paper-2',
      packages: ['six', 'numpy'],
      python: '3.12',
      manager: 'conda'
    });
    const own = { ...settled({ ...emptyDraft('mine'), typed: 'six' }), named: true, python: '/p' };
    expect(requestOf(withInspected(own, paper, []))).toMatchObject({
      name: 'mine',
      packages: ['six', 'numpy'],
      python: '/p'
    });
  });

  it('takes the yes to builds for the file that it was said of, not for the next', () => {
    const first = inspected({ create: { packages: ['one'], build: false } });
    let draft = withInspected(emptyDraft('a'), first, []);
    draft = { ...draft, carried: { ...draft.carried, build: true } };
    draft = withInspected(draft, inspected({ create: { packages: ['two'], build: false } }), []);
    expect(draft.carried.build).toBe(false);
  });

  it('has the packages of one file at a time, beside those of the user', () => {
    const own = settled({ ...emptyDraft('a'), typed: 'six' });
    const first = withInspected(own, paper, []);
    const lock = { format: 'pylock.toml' };
    const other = inspected({ create: { packages: ['pandas'], pip_packages: ['toolz'] } });
    const second = withInspected(first, other, []);
    expect(requestOf(second)).toMatchObject({
      packages: ['six', 'pandas'],
      pip_packages: ['toolz']
    });
    const third = withInspected(second, inspected({ create: { from: lock, packages: ['x'] } }), []);
    expect(requestOf(third)).toMatchObject({ packages: ['six'], from: lock });
    expect(requestOf(third).pip_packages).toBeUndefined();
    expect(requestOf(withoutImport(third))).toMatchObject({ packages: ['six'] });
    expect(requestOf(withoutImport(third)).from).toBeUndefined();
  });
});

describe('fieldOf', () => {
  it.each([
    ['packages[3]', 'packages'],
    ['from.text', 'packages'],
    ['kernel.display_name', 'displayName'],
    ['prefix', 'prefix'],
    ['body', null],
    [null, null]
  ])('%p is at %p', (field, expected) => {
    expect(fieldOf({ message: '', reason: '', hint: null, field })).toBe(expected);
  });
});
