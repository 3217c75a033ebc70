import { isModuleName, missingIn } from '../../src/model/modules';

const ERROR = 'ModuleNotFoundError';

describe('the module that an error names', () => {
  it.each([
    ['sklearn', 'import sklearn', 'sklearn'],
    ['google', 'from google.cloud import storage', 'google.cloud.storage'],
    ['google', 'import os, google.cloud.storage as s', 'google.cloud.storage'],
    ['google', 'from google.cloud import (\n    storage,\n)', 'google.cloud'],
    ['google', 'import googlemaps', 'google'],
    ['a_b', '%%time\n  from a_b import *', 'a_b'],
    ['näme', '', 'näme']
  ])('finds %p in %p', (name, source, wanted) => {
    const { modules } = missingIn(ERROR, `No module named '${name}'`, source);
    expect(modules).toEqual([{ name, wanted }]);
  });

  it.each([
    [ERROR, "No module named '<img src=x>'"],
    [ERROR, "No module named '--index-url=x'"],
    [ERROR, "No module named '../x'"],
    [ERROR, "No module named 'a..b'"],
    [ERROR, ''],
    ['NameError', "name 'x' is not defined"]
  ])('is none in %s: %p', (name, value) => {
    expect(missingIn(name, value, 'import x').modules).toEqual([]);
  });
});

it('tells names of modules', () => {
  expect(isModuleName('a.b_1.C')).toBe(true);
  expect(isModuleName('1a')).toBe(false);
  expect(isModuleName('a.')).toBe(false);
});

describe('missingIn', () => {
  const modules = (...given: Parameters<typeof missingIn>) =>
    missingIn(...given).modules.map(each => each.wanted);

  it('finds every module of the message and of the chain', () => {
    expect(modules('ModuleNotFoundError', "No module named 'six'", 'import six')).toEqual(['six']);
    expect(
      modules('RuntimeError', 'cannot go on', 'import mine', [
        'Traceback (most recent call last)',
        "\u001b[0;31mModuleNotFoundError\u001b[0m: No module named 'six'",
        'The above exception was the direct cause of the following exception:',
        'RuntimeError: cannot go on'
      ])
    ).toEqual(['six']);
    expect(
      modules('ModuleNotFoundError', "No module named 'google'", 'from google.cloud import storage')
    ).toEqual(['google.cloud.storage']);
  });

  it.each([
    [
      "Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
      ['openpyxl']
    ],
    ['`Import openpyxl` failed.  Use pip or conda to install the openpyxl package.', []],
    [
      'Dask dataframe requirements are not installed.\n\n  pip install "dask[dataframe]"',
      ['dask[dataframe]']
    ],
    ['IProgress not found. Please install ipywidgets. See https://x.example', ['ipywidgets']],
    ['plotly must be installed', ['plotly']],
    ['Please install pandas[excel]>=2 to read this', ['pandas[excel]>=2']],
    ["pip install 'transformers[torch]' accelerate", ['transformers[torch]', 'accelerate']],
    ["cannot import name 'x' from 'y'", []],
    ['<script>pip install <b></script>', []]
  ])('reads the wording %p', (message, expected) => {
    expect(missingIn('ImportError', message, '').requirements).toEqual(expected);
  });

  it('leaves other errors alone', () => {
    expect(missingIn('ValueError', "No module named 'six'", '').modules).toEqual([]);
    expect(missingIn('ValueError', 'please install six', '').requirements).toEqual([]);
    expect(modules('ModuleNotFoundError', "No module named '<b>'", '')).toEqual([]);
  });

  it('ends on long texts', () => {
    missingIn('ImportError', 'pip install ' + 'a '.repeat(50_000), 'x'.repeat(50_000), [
      'ImportError: '.repeat(50_000)
    ]);
  });
});
