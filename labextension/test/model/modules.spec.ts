import { isModuleName, missingModule } from '../../src/model/modules';

const ERROR = 'ModuleNotFoundError';

describe('missingModule', () => {
  it.each([
    ['sklearn', 'import sklearn', 'sklearn'],
    ['google', 'from google.cloud import storage', 'google.cloud.storage'],
    ['google', 'import os, google.cloud.storage as s', 'google.cloud.storage'],
    ['google', 'from google.cloud import (\n    storage,\n)', 'google.cloud'],
    ['google', 'import googlemaps', 'google'],
    ['a_b', '%%time\n  from a_b import *', 'a_b'],
    ['näme', '', 'näme']
  ])('finds %p in %p', (name, source, wanted) => {
    expect(missingModule(ERROR, `No module named '${name}'`, source)).toEqual({ name, wanted });
  });

  it.each([
    [ERROR, "No module named '<img src=x>'"],
    [ERROR, "No module named '--index-url=x'"],
    [ERROR, "No module named '../x'"],
    [ERROR, "No module named 'a..b'"],
    [ERROR, "No module named 'a b'"],
    [ERROR, `No module named '${'x'.repeat(201)}'`],
    [ERROR, "No module named 'a.b'; 'a' is not a package"],
    [ERROR, "No module named 'a'\nand more"],
    [ERROR, ''],
    ['ImportError', "No module named 'sklearn'"],
    ['NameError', "name 'x' is not defined"]
  ])('has nothing for %s: %p', (name, value) => {
    expect(missingModule(name, value, 'import x')).toBeNull();
  });
});

it('tells names of modules', () => {
  expect(isModuleName('a.b_1.C')).toBe(true);
  expect(isModuleName('1a')).toBe(false);
  expect(isModuleName('a.')).toBe(false);
});
