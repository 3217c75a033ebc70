import { isRequirement, parsePackages } from '../../src/model/packages';

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
