import { act, fireEvent, screen, within } from '@testing-library/react';

import { environment, job, project } from '../server';
import { show } from './shown';

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
