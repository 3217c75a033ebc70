import { emptyDraft, fieldOf, requestOf, settled, withInspected } from '../../src/model/draft';

const inspected = {
  format: 'x',
  create: { name: 'Paper', packages: ['six', 'numpy'], python: '3.12', manager: 'conda' },
  warnings: []
};

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
    const draft = { ...emptyDraft('a'), prefix: ' /p/.venv ', channels: 'conda-forge, bioconda' };
    expect(requestOf(draft)).toEqual({
      prefix: '/p/.venv',
      packages: [],
      channels: ['conda-forge', 'bioconda']
    });
  });

  it('takes a file’s wishes where the user has none', () => {
    const untouched = withInspected(emptyDraft('a'), inspected, ['paper']);
    expect(requestOf(untouched)).toEqual({
      name: 'paper-2',
      packages: ['six', 'numpy'],
      python: '3.12',
      manager: 'conda'
    });
    const own = { ...settled({ ...emptyDraft('mine'), typed: 'six' }), named: true, python: '/p' };
    expect(requestOf(withInspected(own, inspected, []))).toMatchObject({
      name: 'mine',
      packages: ['six', 'numpy'],
      python: '/p'
    });
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
