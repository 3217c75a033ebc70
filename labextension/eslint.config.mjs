import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * The layers, lowest first. A file imports its own layer or a lower one.
 * `api/types.ts` has no code and `icons.ts` no imports of ours: both belong to the lowest.
 */
const LAYERS = [
  { files: ['src/tokens.ts', 'src/api/types.ts', 'src/icons.ts'], names: ['tokens', 'types'] },
  { files: ['src/api/{request,client,log}.ts'], names: ['api/request', 'api/client', 'api/log'] },
  { files: ['src/model/*.ts'], names: ['model/*'] },
  { files: ['src/components/**/*.{ts,tsx}'], names: ['components/*', 'components/*/*'] },
  {
    files: ['src/{panel,page,disk}.tsx', 'src/{filedrop,offer,missingkernel,commands}.ts'],
    names: ['panel', 'page', 'disk', 'filedrop', 'offer', 'missingkernel', 'commands']
  },
  { files: ['src/plugins/*.ts'], names: ['plugins/*'] },
  { files: ['src/index.ts'], names: ['index'] }
];

const CODE = ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}'];

const layerRules = LAYERS.map(({ files }, level) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: LAYERS.slice(level + 1).map(higher => ({
          group: higher.names.flatMap(name => [`../../${name}`, `../${name}`, `./${name}`]),
          message: 'This module lies in a higher layer; see eslint.config.mjs.'
        }))
      }
    ]
  }
}));

const recommended = jupyter.configs.recommended.map(config => ({
  ...config,
  // What the plugin only warns of is an error here: a warning is read by nobody.
  rules: Object.fromEntries(
    Object.entries(config.rules).map(([name, level]) => [name, level === 'warn' ? 'error' : level])
  )
}));

export default [
  { ignores: ['lib/', 'node_modules/', 'coverage/', '*.config.js'] },
  { plugins: { jupyter } },
  ...recommended,
  ...[js.configs.recommended, ...tseslint.configs.strict].map(config => ({
    ...config,
    files: CODE
  })),
  {
    files: CODE,
    plugins: { 'react-hooks': reactHooks },
    languageOptions: { parserOptions: { project: './tsconfig.check.json' } },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // What a person opens comes when it is opened. What follows jobs, notebooks and the list has
      // to be there from the start, and the panel itself is small: a click is to show rows at once.
      'jupyter/prefer-lazy-imports': [
        'error',
        { ignoreImports: ['../api/*', '../model/*', '../panel', '../components/chip'] }
      ],
      // The extension point of an interface, as all of JupyterLab writes it.
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
      curly: 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  {
    files: ['test/**'],
    rules: {
      // A test may build what no component may: strings for nobody, signals that end with it.
      'jupyter/no-untranslated-string': 'off',
      'jupyter/require-signal-cleanup': 'off',
      'jupyter/require-signal-this-arg': 'off',
      'jupyter/prefer-signal-this-arg': 'off',
      'jupyter/require-disposable-ownership': 'off'
    }
  },
  ...layerRules,
  prettier
];
