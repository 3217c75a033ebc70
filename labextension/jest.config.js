const jestJupyterLab = require('@jupyterlab/testutils/lib/jest-config');

// These ship modules only, which jest runs after a translation.
const esModules = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@lumino/',
  '@microsoft/',
  '@rjsf',
  'exenv-es6',
  'lib0',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

module.exports = {
  ...jestJupyterLab(__dirname),
  automock: false,
  reporters: ['default'],
  setupFilesAfterEnv: ['<rootDir>/test/patience.ts'],
  testRegex: 'test/.*\\.spec\\.tsx?$',
  testTimeout: 60_000,
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
