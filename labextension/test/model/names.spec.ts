import { nullTranslator } from '@jupyterlab/translation';

import { nameProblem, suggestName } from '../../src/model/names';

const trans = nullTranslator.load('jupyter_envs');

describe('nameProblem', () => {
  it.each(['a', 'nlp', 'A1', 'my.env_2-b', 'x'.repeat(64), 'console', 'com10'])(
    'accepts %p',
    name => expect(nameProblem(name, ['other'], trans)).toBeNull()
  );

  it.each([
    '',
    '-n',
    '../x',
    '.hidden',
    'a b',
    'a/b',
    'a\0',
    'a\n',
    'é',
    '<b>',
    'x'.repeat(65),
    'end.',
    'con',
    'NUL',
    'com1',
    'aux.txt'
  ])('refuses %p', name => expect(nameProblem(name, [], trans)).not.toBeNull());

  it('refuses a name in use, whatever its case', () => {
    expect(nameProblem('NLP', ['nlp'], trans)).not.toBeNull();
  });
});

describe('suggestName', () => {
  it.each([
    ['thesis', [], 'thesis'],
    ['My Thesis (2)', [], 'my-thesis-2'],
    ['Überblick', [], 'u-berblick'],
    ['', [], 'env'],
    ['con', [], 'env'],
    ['..', [], 'env'],
    ['日本語', [], 'env'],
    ['thesis', ['Thesis', 'thesis-2'], 'thesis-3'],
    ['x'.repeat(300), [], 'x'.repeat(56)]
  ])('%p with %p in use gives %p', (wish, taken, name) => {
    expect(suggestName(wish, taken)).toBe(name);
    expect(nameProblem(name, taken, trans)).toBeNull();
  });
});
