import { isPackage, isRequirement, judged, parsePackages } from '../../src/model/packages';

function texts(text: string): string[] {
  return parsePackages(text).map(entry => entry.text);
}

describe('parsePackages', () => {
  it.each([
    ['', []],
    ['numpy', ['numpy']],
    ['numpy pandas', ['numpy', 'pandas']],
    ['numpy, pandas', ['numpy', 'pandas']],
    ['numpy,pandas', ['numpy', 'pandas']],
    ['numpy>=1,<2', ['numpy>=1,<2']],
    ['numpy >= 2 six', ['numpy>=2', 'six']],
    ['numpy>=1, <2', ['numpy>=1,<2']],
    ['pandas[excel,html]==2.2.*', ['pandas[excel,html]==2.2.*']],
    ['numpy numpy', ['numpy']],
    ['pip install numpy "pandas>=2"', ['numpy', 'pandas>=2']],
    ['!pip install -q --upgrade numpy', ['numpy']],
    ['%pip install numpy', ['numpy']],
    ['%envinstall numpy', ['numpy']],
    ['python -m pip install --index-url https://x/simple numpy', ['numpy']],
    ['uv pip install numpy', ['numpy']],
    ['# needed\nnumpy==2.1  # pinned\n\nsix', ['numpy==2.1', 'six']],
    ["tomli; python_version < '3.11'", ["tomli; python_version < '3.11'"]],
    ['six @ https://x/six.whl', ['six @ https://x/six.whl']],
    ['git+https://x/y.git', ['git+https://x/y.git']],
    ['-e /home/me/project', ['-e /home/me/project']],
    ['pip', ['pip']]
  ])('reads %p as %p', (text, wanted) => {
    expect(texts(text)).toEqual(wanted);
  });

  it.each(['numpy', 'pandas[excel]>=2,<3', 'six @ https://x/six.whl', '/abs/path', 'a==1.0+cpu'])(
    'takes %p for a requirement',
    text => expect(isRequirement(text)).toBe(true)
  );

  it.each(['', '-r x', '--index-url=x', 'six; ', 'a b', '../x', 'numpy>>2', '$(id)', 'six`id`'])(
    'does not take %p for one',
    text => expect(isRequirement(text)).toBe(false)
  );
});

describe('a line of a megabyte', () => {
  it.each([' ', ',', 'import a ', '"', '[', 'a;', '# '])('of %j takes no time', part => {
    const begun = Date.now();
    const found = parsePackages(part.repeat(1_000_000 / part.length));
    expect(found.length).toBeLessThan(2);
    expect(Date.now() - begun).toBeLessThan(500);
  });
});

describe('match specs', () => {
  it.each([
    ['numpy=1.2 r-base', ['numpy=1.2', 'r-base']],
    ['conda-forge::numpy>=1.2,<2', ['conda-forge::numpy>=1.2,<2']],
    ['numpy=1.2=py311_0', ['numpy=1.2=py311_0']],
    ['conda install -y -c conda-forge -n base numpy=1.2', ['numpy=1.2']],
    ['micromamba install _libgcc_mutex', ['_libgcc_mutex']],
    ['conda', ['conda']]
  ])('reads %p as %p', (text, wanted) => {
    const entries = parsePackages(text, 'matchspec');
    expect(entries.map(entry => entry.text)).toEqual(wanted);
    expect(entries.every(entry => entry.valid)).toBe(true);
  });

  it.each(['', '  ', '-c', ' --file=x', 'a\u0000b', 'a\u001b[1m'])('refuses %p', text =>
    expect(isPackage(text, 'matchspec')).toBe(false)
  );

  // As the server's own reading has it.
  it.each([
    'numpy>=2,<3',
    'numpy 2.1 py312_0',
    'numpy=2.1=py312_0',
    'numpy=1.11|1.12',
    "numpy[version='>=2']",
    "numpy=2[build='*_0']",
    'conda-forge/linux-64::numpy',
    'https://example.org/main::numpy',
    '_libgcc_mutex',
    'pytorch=2.*=*cuda*',
    'libfoo 1!2.0',
    'numpy (>=2)',
    'numpy = 2.1'
  ])('are such as %p', text => expect(isPackage(text, 'matchspec')).toBe(true));

  it.each([
    'numpy>=',
    'numpy==',
    'numpy===2',
    'numpy @ x',
    'pandas[excel]',
    'numpy;x',
    'foo bar baz qux',
    'a/b',
    '/abs/path',
    'https://example.org/x.whl',
    'numpy # c',
    'numpy,pandas',
    '*',
    '__cuda',
    'numpy[url=x]',
    'é'
  ])('are none such as %p', text => expect(isPackage(text, 'matchspec')).toBe(false));

  it.each([
    ['numpy=2.1', true],
    ['pandas[excel]', true],
    ['https://example.org/x.whl', true],
    ['numpy>=', false],
    ['-r x', false]
  ])('or requirements: whether %p is one of the two is %p', (text, wanted) =>
    expect(isPackage(text, 'either')).toBe(wanted)
  );

  it('are judged anew where requirements are written', () => {
    const entries = parsePackages('numpy=1.2 six', 'matchspec');
    expect(judged(entries, 'requirement').map(entry => entry.valid)).toEqual([false, true]);
    expect(judged(entries, 'matchspec').map(entry => entry.valid)).toEqual([true, true]);
  });
});
