import { nullTranslator } from '@jupyterlab/translation';
import { render } from '@testing-library/react';
import React from 'react';

import { RequestError } from '../../src/api/request';
import type { IInterpreter, IManager } from '../../src/api/types';
import { EnvironmentsView, type IViewProps } from '../../src/components/view';
import { LookupsBySource } from '../../src/model/lookups';
import { environment } from '../server';

const trans = nullTranslator.load('jupyter_envs');

function interpreter(fields: Partial<IInterpreter>): IInterpreter {
  return {
    version: '3.12.1',
    implementation: 'CPython',
    architecture: 'x86_64',
    path: `/python${fields.version}`,
    source: 'system',
    supported: true,
    reason: null,
    default: false,
    ...fields
  };
}

function manager(fields: Partial<IManager>): IManager {
  return {
    name: 'uv',
    title: 'uv',
    description: 'Fast.',
    version: '1',
    available: true,
    reason: null,
    capabilities: { create: true, by_prefix: true, channels: false },
    default: false,
    ...fields
  };
}

/** What the view is given, `fields` apart. */
export function props(fields: Partial<IViewProps> = {}): IViewProps {
  return {
    environments: [environment()],
    projects: [],
    onMakeProject: jest.fn(),
    failure: null,
    jobs: [],
    runningOf: () => 0,
    grouped: true,
    manager: '',
    form: null,
    dragging: false,
    imported: null,
    asking: null,
    errors: new Map(),
    logWish: null,
    announcement: '',
    actions: {
      onOpen: jest.fn(),
      onOpenNotebook: jest.fn(),
      onRegisterKernel: jest.fn(),
      onRepair: jest.fn(),
      onAskRemove: jest.fn(),
      onMenu: jest.fn(),
      onCopy: jest.fn()
    },
    answers: {
      onKeep: jest.fn(),
      onRemove: jest.fn(),
      onRename: jest.fn(),
      onDisplayName: jest.fn(),
      onClone: jest.fn(),
      onExport: jest.fn()
    },
    onRefresh: jest.fn(),
    onShowDisk: jest.fn(),
    onShowForm: jest.fn(),
    files: {
      formats: async () => [
        { name: 'r', title: 'requirements.txt', filename: 'r.txt', imports: true, exports: true },
        { name: 'e', title: 'environment.yml', filename: 'e.yml', imports: true, exports: true },
        { name: 'p', title: 'pyproject.toml', filename: 'p.toml', imports: true, exports: false }
      ],
      exportAs: async (_, format) => {
        if (format === 'e') {
          throw new RequestError(422, { message: 'No conda packages.', reason: 'x', hint: null });
        }
        return { filename: 'r.txt', text: 'six==1\n', content: 'six==1\n' };
      }
    },
    lookups: new LookupsBySource({
      search: async () => [],
      versions: async name => ({ name, versions: [], summary: null }),
      providers: async module => ({ module, distributions: [] })
    }),
    loadManagers: async () => [
      manager({ default: true }),
      manager({ name: 'conda', title: 'conda', available: false, reason: 'It is not installed.' }),
      manager({ name: 'venv', title: 'venv', description: 'Needs nothing.' })
    ],
    onImport: jest.fn(),
    onImportFolder: jest.fn(),
    onParts: jest.fn(),
    onLeaveOut: jest.fn(),
    loadDownloads: async () => [],
    loadInterpreters: async () => [
      interpreter({ version: '3.9.1' }),
      interpreter({ version: '3.13.0', default: true }),
      interpreter({ version: '3.10.2' }),
      interpreter({ version: '2.7.18', supported: false, reason: 'too old' })
    ],
    onCreate: jest.fn().mockResolvedValue(null),
    onCancelJob: jest.fn(),
    onDismissJob: jest.fn(),
    againOf: () => null,
    terms: { read: async () => [], accept: async () => undefined },
    watchLog: jest.fn(),
    trans,
    ...fields
  };
}

/** Draws the view; returns what it was given. */
export function show(fields: Partial<IViewProps> = {}): IViewProps {
  const all = props(fields);
  render(<EnvironmentsView {...all} />);
  return all;
}
