import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';

import { RequestError } from '../../src/api/request';
import type { IInterpreter, IManager } from '../../src/api/types';
import { EnvironmentsView, type IViewProps } from '../../src/components/view';
import { LookupsBySource } from '../../src/model/lookups';
import { environment, inspected, job, project } from '../server';

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

function props(fields: Partial<IViewProps> = {}): IViewProps {
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

function show(fields: Partial<IViewProps> = {}): IViewProps {
  const all = props(fields);
  render(<EnvironmentsView {...all} />);
  return all;
}

function names(): Array<string | null> {
  return Array.from(document.querySelectorAll('.jp-Environments-item .jp-Environments-name')).map(
    node => node.textContent
  );
}

describe('states', () => {
  it('says that it looks', () => {
    show({ environments: null });
    expect(screen.getByText(/Looking for/)).toBeTruthy();
  });

  it('says what an environment is when there is none but Jupyter’s own', () => {
    const { onShowForm } = show({ environments: [environment({ protected: true })] });
    expect(screen.getByText(/a Python of its own/)).toBeTruthy();
    const message = document.querySelector<HTMLElement>('.jp-Environments-message')!;
    fireEvent.click(within(message).getByRole('button', { name: 'New environment' }));
    expect(onShowForm).toHaveBeenCalledWith(true);
  });

  it('offers another try, and keeps an older list below', () => {
    const failure = { message: 'x', reason: 'offline', hint: null, offline: true };
    const { onRefresh } = show({ failure });
    expect(screen.getByRole('alert').textContent).toContain('does not answer');
    expect(names()).toEqual(['thesis']);
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(onRefresh).toHaveBeenCalledTimes(1);
  });

  it('tells the server’s own words and hint', () => {
    const failure = { message: 'Not allowed.', reason: 'forbidden', hint: 'Ask.', offline: false };
    show({ environments: null, failure });
    expect(screen.getByRole('alert').textContent).toContain('Not allowed. Ask.');
  });
});

describe('list', () => {
  const some = ['alpha', 'beta', 'gamma'].map(name => environment({ name }));

  it('shows facts and leaves out what is not known', () => {
    show({ environments: [environment({ size: null, package_count: 1 })] });
    expect(screen.getByText('3.12 · uv · 1 package')).toBeTruthy();
  });

  it('shows markup in a name as text', () => {
    show({ environments: [environment({ name: '<img src=x>' })] });
    expect(names()).toEqual(['<img src=x>']);
    expect(document.querySelector('img')).toBeNull();
  });

  it('filters as one types, and says when nothing fits', () => {
    show({ environments: some });
    const filter = screen.getByRole('searchbox');
    fireEvent.change(filter, { target: { value: 'eta' } });
    expect(names()).toEqual(['beta']);
    fireEvent.change(filter, { target: { value: 'zzz' } });
    expect(screen.getByText(/No environment fits/)).toBeTruthy();
    fireEvent.keyDown(filter, { key: 'Escape' });
    expect(names()).toHaveLength(3);
  });

  it('shows a problem with its button', async () => {
    const problem = {
      code: 'base-gone',
      severity: 'error' as const,
      message: 'Its Python is gone.',
      repair: 'Make it again.'
    };
    const broken = environment({ state: 'broken', problems: [problem] });
    const { actions } = show({ environments: [broken] });
    expect(screen.getByText('Its Python is gone.')).toBeTruthy();
    expect(screen.getByRole('img', { name: 'broken' })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Repair thesis: Make it again.' }));
    expect(actions.onRepair).toHaveBeenCalledWith(broken);
  });

  it('moves by arrows, letters, Home and End, and folds groups', () => {
    show({ environments: some });
    const press = (key: string) => fireEvent.keyDown(document.activeElement!, { key });
    const at = () => document.activeElement?.getAttribute('aria-label')?.split(',')[0];
    act(() => screen.getByRole('treeitem', { name: /^Mine/ }).focus());
    press('ArrowDown');
    expect(at()).toBe('alpha');
    press('End');
    expect(at()).toBe('gamma');
    press('b');
    expect(at()).toBe('beta');
    press('ArrowLeft');
    expect(at()).toBe('Mine');
    press('ArrowLeft');
    expect(names()).toEqual([]);
    press('Enter');
    expect(names()).toHaveLength(3);
  });

  it('opens the page by the name, the menu by its keys, and the filter by a slash', () => {
    const { actions } = show({ environments: some });
    fireEvent.click(screen.getByText('alpha'));
    expect(actions.onOpen).toHaveBeenCalledWith(some[0]);
    const row = screen.getByRole('treeitem', { name: /^alpha/ });
    act(() => row.focus());
    fireEvent.keyDown(row, { key: 'F10', shiftKey: true });
    fireEvent.keyDown(row, { key: 'ContextMenu' });
    expect(actions.onMenu).toHaveBeenCalledTimes(2);
    expect(actions.onMenu).toHaveBeenCalledWith(some[0], row);
    fireEvent.keyDown(row, { key: '/' });
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
  });

  it('asks before it removes, and says what goes', () => {
    const { answers, actions } = show({
      environments: some,
      runningOf: () => 2,
      asking: { id: 'alpha-id', question: 'remove' }
    });
    const question = screen.getByRole('group', { name: 'Remove alpha?' });
    expect(question.textContent).toContain('Its 87 packages and its kernel go');
    expect(question.textContent).toContain('This frees 412 MB.');
    expect(question.textContent).toContain('2 kernels of it are running');
    expect(document.activeElement?.textContent).toBe('Keep');
    fireEvent.keyDown(document.activeElement!, { key: 'Escape' });
    expect(answers.onKeep).toHaveBeenCalledWith(some[0]);
    fireEvent.click(screen.getByRole('button', { name: 'Remove anyway' }));
    expect(answers.onRemove).toHaveBeenCalledWith(some[0]);
    fireEvent.click(screen.getByRole('button', { name: 'Remove beta…' }));
    expect(actions.onAskRemove).toHaveBeenCalledWith(some[1]);
  });

  it.each([
    ['rename', 'New name of alpha', 'alpha', 'Rename', 'onRename'],
    ['clone', 'Name of the copy of alpha', 'alpha-2', 'Copy', 'onClone'],
    [
      'display-name',
      'How alpha is called where kernels are chosen',
      'Python (alpha)',
      'Save',
      'onDisplayName'
    ]
  ] as const)('%s: a field in the row', (question, label, start, button, answer) => {
    const { answers } = show({ environments: some, asking: { id: 'alpha-id', question } });
    const field = screen.getByRole<HTMLInputElement>('textbox', { name: label });
    expect(document.activeElement).toBe(field);
    expect(field.value).toBe(start);
    const send = screen.getByRole<HTMLButtonElement>('button', { name: button });
    if (question !== 'display-name') {
      fireEvent.change(field, { target: { value: 'BETA' } });
      expect(send.disabled).toBe(true);
    }
    fireEvent.change(field, { target: { value: 'delta' } });
    fireEvent.click(send);
    expect(answers[answer]).toHaveBeenCalledWith(some[0], 'delta');
    fireEvent.keyDown(field, { key: 'Escape' });
    expect(answers.onKeep).toHaveBeenCalledWith(some[0]);
  });

  it('shows the file of a format that can be written, to copy and to save', async () => {
    const { answers, actions } = show({
      environments: some,
      asking: { id: 'alpha-id', question: 'export' }
    });
    const content = await screen.findByRole('region', { name: 'Content of r.txt' });
    expect(content.textContent).toBe('six==1\n');
    expect(screen.queryByRole('option', { name: 'pyproject.toml' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Copy' }));
    expect(actions.onCopy).toHaveBeenCalledWith('six==1\n');
    fireEvent.click(screen.getByRole('button', { name: 'Download' }));
    const file = { filename: 'r.txt', text: 'six==1\n', content: 'six==1\n' };
    expect(answers.onExport).toHaveBeenCalledWith(some[0], file);
    const formats = screen.getByLabelText('Save alpha as a file', { selector: 'select' });
    fireEvent.change(formats, { target: { value: 'e' } });
    await screen.findByText('No conda packages.');
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Download' }).disabled).toBe(true);
  });

  it('says at the row why the server refused, the tool’s words on demand', () => {
    const refused = { message: 'It is busy.', reason: 'x', hint: 'Wait.', detail: 'line 1' };
    show({ errors: new Map([['thesis-id', refused]]) });
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toContain('It is busy. Wait.');
    expect(alert.textContent).not.toContain('line 1');
    fireEvent.click(within(alert).getByRole('button', { name: 'Details' }));
    expect(alert.textContent).toContain('line 1');
  });

  it('shows a project that is not made yet, and makes it a kernel', () => {
    const stale = project({ path: '/q', name: 'stale', current: false });
    const refused = { message: 'Out of date.', reason: 'lock_outdated', hint: null };
    const { onMakeProject } = show({
      projects: [project(), stale, project({ path: '/m', name: 'made', environment: 'id' })],
      errors: new Map([['/q', refused]])
    });
    const row = screen.getByRole('treeitem', { name: /^paper, >=3.11 · poetry · poetry.lock/ });
    expect(screen.queryByText('made')).toBeNull();
    fireEvent.click(within(row).getByRole('button', { name: 'Make paper a kernel' }));
    expect(onMakeProject).toHaveBeenCalledWith(project(), false);
    fireEvent.click(screen.getByRole('button', { name: 'Update poetry.lock and make it' }));
    expect(onMakeProject).toHaveBeenCalledWith(stale, true);
    act(() => row.focus());
    fireEvent.keyDown(row, { key: 'ArrowDown' });
    expect(document.activeElement?.getAttribute('aria-label')).toMatch(/^stale/);
  });

  it('offers nothing for a tool but a look at it', () => {
    const none = { change: false, clone: false, rename: false, rollback: false };
    const can = { ...none, kernel: false, remove: false, pip_apart: false };
    show({ environments: [environment({ name: 'black', manager: 'pipx', kernels: [], can })] });
    expect(screen.getByRole('treeitem', { name: /^Tools/ })).toBeTruthy();
    expect(screen.queryByRole('button', { name: /^Remove|^Offer/ })).toBeNull();
    expect(screen.getByRole('img', { name: 'a tool, never a kernel' })).toBeTruthy();
  });

  it('does not offer to remove what is protected', () => {
    show({ environments: [environment({ protected: true })] });
    expect(screen.queryByRole('button', { name: /^Remove/ })).toBeNull();
  });

  it('draws only rows near the view', () => {
    const many = Array.from({ length: 500 }, (_, n) => environment({ name: `env-${n}` }));
    show({ environments: many });
    expect(names().length).toBeLessThan(60);
    const tree = screen.getByRole('tree');
    tree.scrollTop = 10000;
    fireEvent.scroll(tree);
    expect(names()).not.toContain('env-0');
    expect(names().length).toBeLessThan(60);
  });
});

describe('form', () => {
  const open = {
    form: { wish: 'Thesis', notebook: null, useInNotebook: true, packages: [] }
  };

  async function ready(fields: Partial<IViewProps> = {}): Promise<IViewProps> {
    const all = show({ ...open, ...fields });
    await screen.findByRole('option', { name: '3.13.0 · system (default)' });
    return all;
  }

  async function create(): Promise<void> {
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    });
  }

  it('needs one click', async () => {
    const { onCreate } = await ready();
    expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('thesis-2');
    await create();
    expect(onCreate).toHaveBeenCalledWith({ name: 'thesis-2', packages: [] }, true);
  });

  it('lists Pythons, newest first, and why one cannot be used', async () => {
    await ready();
    const options = screen.getAllByRole<HTMLOptionElement>('option');
    expect(options.map(option => option.textContent)).toEqual([
      '3.13.0 · system (default)',
      '3.10.2 · system',
      '3.9.1 · system',
      '2.7.18 · system – too old'
    ]);
    expect(options[3].disabled).toBe(true);
    expect(options[3].title).toBe('too old');
  });

  it('checks the name as it is typed', async () => {
    await ready();
    const name = screen.getByLabelText('Name');
    const button = screen.getByRole<HTMLButtonElement>('button', { name: 'Create' });
    fireEvent.change(name, { target: { value: 'THESIS' } });
    expect(screen.getByText(/already have/)).toBeTruthy();
    expect(name.getAttribute('aria-invalid')).toBe('true');
    expect(button.disabled).toBe(true);
    fireEvent.change(name, { target: { value: 'other' } });
    expect(button.disabled).toBe(false);
  });

  it('makes chips of packages, and sends what is still being typed', async () => {
    const { onCreate } = await ready();
    const field = screen.getByLabelText<HTMLInputElement>('Packages');
    fireEvent.change(field, { target: { value: 'numpy' } });
    fireEvent.keyDown(field, { key: 'Enter' });
    expect(onCreate).not.toHaveBeenCalled();
    const paste = new Event('paste', { bubbles: true, cancelable: true });
    const clipboardData = { getData: () => 'pip install six\npandas>=2' };
    fireEvent(field, Object.assign(paste, { clipboardData }));
    fireEvent.click(screen.getByRole('button', { name: 'Leave out six' }));
    fireEvent.change(field, { target: { value: 'rich' } });
    fireEvent.change(screen.getByLabelText('Python'), { target: { value: '/python3.9.1' } });
    await create();
    expect(onCreate).toHaveBeenCalledWith(
      {
        name: 'thesis-2',
        packages: ['numpy', 'pandas>=2', 'rich'],
        python: '/python3.9.1'
      },
      true
    );
  });

  it('does not send what is no package', async () => {
    const { onCreate } = await ready();
    fireEvent.change(screen.getByLabelText('Packages'), { target: { value: '$(id)' } });
    await create();
    expect(onCreate).not.toHaveBeenCalled();
    expect(screen.getByText(/Not a package, URL or path: \$\(id\)/)).toBeTruthy();
  });

  it('shows the server’s refusal at its field and lets try again', async () => {
    const refused = { message: 'Taken.', reason: 'x', hint: 'Another.', field: 'name' };
    await ready({ onCreate: jest.fn().mockResolvedValue(refused) });
    await create();
    expect(screen.getByText('Taken.').className).toContain('note');
    expect(screen.getByRole('alert').textContent).toBe('Another.');
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Create' }).disabled).toBe(false);
  });

  it('works without the list of Pythons', async () => {
    const { onCreate } = show({
      ...open,
      loadInterpreters: () => Promise.reject(new Error('no answer'))
    });
    await screen.findByText(/no answer/);
    await create();
    expect(onCreate).toHaveBeenCalled();
  });

  it('shows managers with their lines, and what cannot be used with its reason', async () => {
    const { onCreate } = await ready();
    fireEvent.click(screen.getByRole('button', { name: 'More' }));
    const venv = await screen.findByRole<HTMLInputElement>('radio', { name: /venv/ });
    const conda = screen.getByRole<HTMLInputElement>('radio', { name: /conda/ });
    expect(screen.getByRole<HTMLInputElement>('radio', { name: /uv/ }).checked).toBe(true);
    expect(conda.disabled).toBe(true);
    expect(conda.parentElement?.textContent).toContain('It is not installed.');
    fireEvent.click(venv);
    fireEvent.change(screen.getByLabelText('Display name'), { target: { value: 'Mine' } });
    fireEvent.change(screen.getByLabelText('Folder'), { target: { value: '/p/.venv' } });
    await create();
    expect(onCreate).toHaveBeenCalledWith(
      {
        prefix: '/p/.venv',
        packages: [],
        manager: 'venv',
        kernel: { display_name: 'Mine' }
      },
      true
    );
  });

  it('opens More where the server refuses a field of it', async () => {
    const refused = { message: 'No such folder.', reason: 'x', hint: null, field: 'prefix' };
    await ready({ onCreate: jest.fn().mockResolvedValue(refused) });
    await create();
    const note = screen.getByText('No such folder.');
    expect(screen.getByLabelText('Folder').getAttribute('aria-describedby')).toBe(note.id);
  });

  it('takes in what a file asks for, with its warnings', async () => {
    const imported = {
      filename: 'requirements.txt',
      error: null,
      parts: { extras: [], groups: [] },
      inspected: inspected({
        create: {
          name: 'paper',
          packages: ['numpy>=2', 'six'],
          python: '3.10',
          channels: ['bioconda']
        },
        python: '3.10',
        summary: { packages: 2, hashed: 0, constraints: 1, editable: 0, channels: 1 },
        warnings: ['Left out: <b>.']
      })
    };
    const { onCreate } = await ready({ imported });
    const card = screen.getByRole('region', { name: 'Imported from requirements.txt' });
    const lines = within(card).getAllByRole('listitem');
    expect(lines.map(line => line.textContent)).toEqual([
      '2 packages',
      '1 constraint',
      'Python 3.10',
      'Channels: bioconda'
    ]);
    expect(card.textContent).toContain('Left out: <b>.');
    await create();
    expect(onCreate).toHaveBeenCalledWith(
      { name: 'paper', packages: ['numpy>=2', 'six'], python: '3.10', channels: ['bioconda'] },
      true
    );
  });

  it('sends a lock as it is, and no chips of it', async () => {
    const from = { format: 'pylock.toml', text: '…' };
    const imported = {
      filename: 'pylock.toml',
      error: null,
      parts: { extras: [], groups: [] },
      inspected: inspected({
        exact: true,
        create: { packages: ['six==1'], from },
        summary: { packages: 87, hashed: 87, constraints: 0, editable: 0, channels: 0 }
      })
    };
    const { onCreate, onLeaveOut } = await ready({ imported });
    expect(screen.getByText('87 packages, at their exact versions')).toBeTruthy();
    expect(screen.getByText('87 are compared to their hashes')).toBeTruthy();
    expect(document.querySelector('.jp-Environments-chip')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Leave out pylock.toml' }));
    expect(onLeaveOut).toHaveBeenCalled();
    await create();
    expect(onCreate).toHaveBeenCalledWith({ name: 'thesis-2', packages: [], from }, true);
  });

  it('closes by Escape', async () => {
    const { onShowForm } = await ready();
    fireEvent.keyDown(screen.getByLabelText('Name'), { key: 'Escape' });
    expect(onShowForm).toHaveBeenCalledWith(false);
  });
});

describe('jobs', () => {
  it('shows phase, n of m, and cancels', () => {
    const { onCancelJob } = show({ jobs: [job()] });
    expect(screen.getByText('Installing · 41 of 63 packages')).toBeTruthy();
    expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('65');
    fireEvent.click(screen.getByRole('button', { name: 'Cancel Create nlp' }));
    expect(onCancelJob).toHaveBeenCalled();
  });

  it('shows bytes, and no share when the whole is not known', () => {
    const progress = {
      phase: 'download',
      done: 1_200_000_000,
      total: null,
      unit: 'bytes',
      fraction: null
    };
    show({ jobs: [job({ progress })] });
    expect(screen.getByText('Downloading · 1.2 GB')).toBeTruthy();
    expect(screen.getByRole('progressbar').hasAttribute('aria-valuenow')).toBe(false);
  });

  it('asks for terms where a job failed for them, and has it done again', async () => {
    const detail = 'http://x/main';
    const error = { message: 'm', reason: 'terms', hint: null, field: 'channels', detail };
    const accept = jest.fn().mockResolvedValue(undefined);
    const again = jest.fn();
    show({
      jobs: [job({ state: 'failed', error })],
      terms: { read: async () => [], accept },
      againOf: () => again
    });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Accept and continue' }));
    });
    expect(accept).toHaveBeenCalledWith([detail]);
    expect(again).toHaveBeenCalled();
  });

  it('keeps a failure with its hint until it is dismissed', () => {
    const error = { message: 'No such package.', reason: 'x', hint: 'Check the name.' };
    const { onDismissJob } = show({ jobs: [job({ state: 'failed', error })] });
    expect(screen.getByText('No such package.')).toBeTruthy();
    expect(screen.getByText('Check the name.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Dismiss Create nlp' }));
    expect(onDismissJob).toHaveBeenCalled();
  });
});
