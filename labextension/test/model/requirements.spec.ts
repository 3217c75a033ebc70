import { isOutdated, nameOf, newestOf, writtenName } from '../../src/model/requirements';

describe('nameOf', () => {
  it.each([
    ['numpy', 'numpy'],
    ['Foo_Bar.baz>=2', 'foo-bar-baz'],
    ['pandas[excel]==2.2', 'pandas'],
    ['six @ https://x/six.whl', 'six'],
    ["tomli; python_version < '3.11'", 'tomli'],
    ['numpy=1.2=py311_0', 'numpy'],
    ['conda-forge::numpy>=1.2', 'numpy'],
    ['https://x/conda-forge::r-base', 'r-base'],
    ['git+https://x/y.git', null],
    ['https://x/y.whl', null],
    ['/home/me/project', null],
    ['-e /home/me/project', null]
  ])('finds in %p the name %p', (text, name) => expect(nameOf(text)).toBe(name));
});

it('keeps what channels tell apart', () => {
  expect(writtenName('conda-forge::_libgcc_mutex=0.1')).toBe('_libgcc_mutex');
  expect(writtenName('ruamel.yaml')).toBe('ruamel.yaml');
});

describe('newestOf and isOutdated', () => {
  const versions = ['3.0rc1', '2.1.0', '2.0.0', '2.0.0b1', '1.0'];

  it('passes over pre-releases', () => expect(newestOf(versions, '2.0.0')).toBe('2.1.0'));
  it('stays with a pre-release that is the newest', () =>
    expect(newestOf(versions, '3.0rc1')).toBe('3.0rc1'));
  it('takes a pre-release where there is nothing else', () =>
    expect(newestOf(['1.0a2', '1.0a1'], '1.0a1')).toBe('1.0a2'));
  it('knows of nothing', () => expect(newestOf([], '1')).toBeNull());

  it.each([
    ['2.0.0', true],
    ['2.0.0+cpu', true],
    ['2.1.0', false],
    ['2.1.0+cu124', false],
    ['3.0rc1', false],
    ['9.9', false]
  ])('says of %p that it is outdated: %p', (installed, outdated) =>
    expect(isOutdated(versions, installed)).toBe(outdated)
  );
});
