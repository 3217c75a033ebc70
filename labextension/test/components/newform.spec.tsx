import { act, fireEvent, screen, within } from '@testing-library/react';

import type { IViewProps } from '../../src/components/view';
import { inspected } from '../server';
import { show } from './shown';

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

  it.each([false, true])('lets a file’s packages be built as the tick says: %p', async build => {
    const imported = {
      filename: 'r.txt',
      inspected: inspected({ create: { packages: ['one'], build: false } }),
      error: null,
      parts: { extras: [], groups: [], indexes: [], find_links: [] }
    };
    const { onCreate } = await ready({ imported });
    const tick = screen.getByLabelText<HTMLInputElement>(/be built, which runs code/);
    expect(tick.checked).toBe(false);
    if (build) {
      fireEvent.click(tick);
    }
    await create();
    expect(onCreate).toHaveBeenCalledTimes(1);
    expect(onCreate).toHaveBeenCalledWith(expect.objectContaining({ build }), true);
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

  describe('Pythons that are not here', () => {
    const downloads = ['3.14.1', '3.13.9', '3.12.16', '3.9.25'].map(version => ({
      version,
      implementation: 'CPython',
      architecture: 'x86_64',
      installed: false
    }));
    const loadDownloads = async () => downloads;
    const toDownload = () =>
      within(screen.getByRole('group', { name: 'Can be downloaded' }))
        .getAllByRole('option')
        .map(option => option.textContent);

    it('are listed below those that are, and downloaded by the same click', async () => {
      const { onCreate } = await ready({ loadDownloads });
      await screen.findByRole('option', { name: '3.14.1 (download)' });
      expect(toDownload()).toEqual(['3.14.1 (download)', '3.12.16 (download)']);
      fireEvent.change(screen.getByLabelText('Python'), { target: { value: '3.12.16' } });
      expect(screen.getByText('uv downloads Python 3.12.16 first.')).toBeTruthy();
      await create();
      expect(onCreate).toHaveBeenCalledWith(
        { name: 'thesis-2', packages: [], python: '3.12.16', install_python: true },
        true
      );
    });

    it('are chosen where a file asks for one', async () => {
      const imported = {
        filename: 'environment.yml',
        inspected: inspected({ create: { packages: [], python: '3.12' }, python: '3.12' }),
        error: null,
        parts: { extras: [], groups: [], indexes: [], find_links: [] }
      };
      const { onCreate } = await ready({ imported, loadDownloads });
      await screen.findByText('uv downloads Python 3.12.16 first.');
      expect(screen.getByLabelText<HTMLSelectElement>('Python').value).toBe('3.12.16');
      await create();
      expect(onCreate).toHaveBeenCalledWith(
        { name: 'thesis-2', packages: [], python: '3.12', install_python: true },
        true
      );
    });

    it('do not come for one that is here, nor without the list', async () => {
      const loadNone = () => Promise.reject(new Error('no answer'));
      const { onCreate } = await ready({ loadDownloads: loadNone });
      expect(screen.queryByRole('group', { name: 'Can be downloaded' })).toBeNull();
      fireEvent.change(screen.getByLabelText('Python'), { target: { value: '/python3.9.1' } });
      await create();
      expect(onCreate).toHaveBeenCalledWith(
        { name: 'thesis-2', packages: [], python: '/python3.9.1' },
        true
      );
    });
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
      parts: { extras: [], groups: [], indexes: [], find_links: [] },
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
      parts: { extras: [], groups: [], indexes: [], find_links: [] },
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
