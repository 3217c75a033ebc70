import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { RequestError } from '../../src/api/request';
import type { ISource } from '../../src/api/types';
import { NewForm, type INewFormProps } from '../../src/components/newform';
import { minorsOf } from '../../src/components/pythonversion';
import { LookupsBySource } from '../../src/model/lookups';

const manager = {
  version: '1',
  available: true,
  reason: null,
  default: false,
  description: ''
};

let terms: { read: jest.Mock; accept: jest.Mock };

beforeEach(() => {
  terms = { read: jest.fn(async () => []), accept: jest.fn(async () => undefined) };
});

/** The form with a manager that takes match specs, under a name that nothing goes by. */
async function show(fails = false): Promise<INewFormProps & { asked: ISource[] }> {
  const asked: ISource[] = [];
  const props: INewFormProps = {
    form: { wish: 'a', notebook: null, useInNotebook: false, packages: [] },
    taken: [],
    manager: '',
    imported: null,
    lookups: new LookupsBySource({
      search: async () => [],
      versions: async (name, source = {}) => {
        asked.push(source);
        if (fails) {
          throw new RequestError(503, { message: 'away', reason: 'x', hint: null });
        }
        return { name, versions: ['3.13.0rc1', '3.12.3', '3.12.1', '3.9.1'], summary: null };
      },
      providers: async module => ({ module, distributions: [] })
    }),
    terms,
    loadDownloads: async () => [
      { version: '3.9.25', implementation: 'CPython', architecture: 'x86_64', installed: false }
    ],
    loadInterpreters: async () => [
      {
        version: '3.12.1',
        implementation: 'CPython',
        architecture: 'x86_64',
        path: '/p',
        source: 'system',
        supported: true,
        reason: null,
        default: false
      }
    ],
    loadManagers: async () => [
      {
        ...manager,
        name: 'plain',
        title: 'Plain',
        default: true,
        capabilities: { create: true, by_prefix: true, channels: false }
      },
      {
        ...manager,
        name: 'other',
        title: 'Other',
        capabilities: {
          create: true,
          by_prefix: true,
          channels: true,
          own_python: true,
          pip_apart: true
        }
      }
    ],
    onImport: jest.fn(),
    onImportFolder: jest.fn(),
    onParts: jest.fn(),
    onLeaveOut: jest.fn(),
    onCreate: jest.fn().mockResolvedValue(null),
    onCancel: jest.fn(),
    trans: nullTranslator.load('jupyter_envs')
  };
  render(<NewForm {...props} />);
  await act(async () => undefined);
  return { ...props, asked };
}

async function enter(label: string, value: string, key?: string): Promise<void> {
  const field = screen.getByLabelText(label);
  await act(async () => {
    fireEvent.change(field, { target: { value } });
  });
  if (key) {
    await act(async () => {
      fireEvent.keyDown(screen.getByLabelText(label), { key });
    });
  }
}

async function choose(title: string): Promise<void> {
  await act(async () => {
    fireEvent.click(screen.getByRole('radio', { name: title }));
  });
}

describe('NewForm for a manager with channels and a Python of its own', () => {
  it('takes match specs, channels in their order and a version of Python', async () => {
    const { asked, onCreate } = await show();
    fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await enter('Python', '/p');
    await enter('Packages', 'numpy=1.2', 'Enter');
    const create = screen.getByRole<HTMLButtonElement>('button', { name: 'Create' });
    expect(create.disabled).toBe(true);
    expect(screen.queryByLabelText('Channels')).toBeNull();

    await choose('Other');
    expect(create.disabled).toBe(false);
    const python = screen.getByLabelText<HTMLInputElement>('Python');
    expect(python.value).toBe('');
    const options = document.querySelectorAll<HTMLOptionElement>('datalist option');
    expect(Array.from(options, option => option.value)).toEqual(['3.12', '3.9']);
    expect(asked).toContainEqual({ manager: 'other' });

    await enter('Python', '3.12');
    await enter('Channels', 'conda-forge ');
    await enter('Channels', 'bioconda', 'Enter');
    await enter('Channels', 'local');
    expect(asked).toContainEqual({ manager: 'other', channel: 'conda-forge' });
    await enter('Packages', 'conda-forge::r-base');
    await act(async () => {
      fireEvent.click(create);
    });
    expect(onCreate).toHaveBeenCalledWith(
      {
        name: 'a',
        manager: 'other',
        python: '3.12',
        packages: ['numpy=1.2', 'conda-forge::r-base'],
        channels: ['conda-forge', 'bioconda', 'local']
      },
      false
    );
  });

  it('asks about the terms of its channels before it goes on, once', async () => {
    const open = { channel: 'http://x/main', title: 'T', url: null, accepted: null };
    terms.read.mockImplementation(async channel => (channel === 'under-terms' ? [open] : []));
    const { onCreate } = await show();
    fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await choose('Other');
    await enter('Packages', 'under-terms::numpy', 'Enter');
    const create = async () => {
      await act(async () => {
        fireEvent.click(screen.getByRole('button', { name: 'Create' }));
      });
    };
    await create();
    expect(terms.read.mock.calls).toEqual(expect.arrayContaining([[undefined], ['under-terms']]));
    expect(onCreate).not.toHaveBeenCalled();
    expect(screen.getByText('http://x/main')).toBeTruthy();
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Not now' }));
    });
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Create' }));
    expect(onCreate).not.toHaveBeenCalled();

    await create();
    terms.accept.mockImplementation(async () => {
      terms.read.mockResolvedValue([{ ...open, accepted: '2026-01-01T00:00:00Z' }]);
    });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Accept and continue' }));
    });
    expect(terms.accept).toHaveBeenCalledWith(['http://x/main']);
    expect(onCreate).toHaveBeenCalledTimes(1);
  });

  it('asks as well where the server refuses for them', async () => {
    const { onCreate } = await show();
    (onCreate as jest.Mock).mockResolvedValueOnce({
      message: 'm',
      reason: 'terms',
      hint: null,
      field: 'channels',
      detail: 'http://x/r'
    });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Accept and continue' }));
    });
    expect(terms.accept).toHaveBeenCalledWith(['http://x/r']);
    expect(onCreate).toHaveBeenCalledTimes(2);
  });

  it('puts channels into another order by button, key and pointer', async () => {
    const { onCreate } = await show();
    fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await choose('Other');
    await enter('Channels', 'a b c ');
    expect(screen.getByText(/The first one wins/)).toBeTruthy();
    const order = () =>
      Array.from(
        document.querySelectorAll<HTMLElement>('[data-channel]'),
        chip => chip.dataset.channel
      );
    const chip = (name: string) => document.querySelector(`[data-channel="${name}"]`)!;
    expect(order()).toEqual(['a', 'b', 'c']);
    expect(screen.queryByRole('button', { name: /^Move a before/ })).toBeNull();

    fireEvent.click(screen.getByRole('button', { name: 'Move c before b' }));
    expect(order()).toEqual(['a', 'c', 'b']);
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Move c before a' }));
    fireEvent.keyDown(document.activeElement!, { key: 'ArrowLeft', altKey: true });
    expect(order()).toEqual(['c', 'a', 'b']);
    // There is nothing before the first: its other button has the focus.
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Move c after a' }));
    expect(screen.getByText('c is number 1 of 3')).toBeTruthy();
    fireEvent.keyDown(document.activeElement!, { key: 'ArrowRight' });
    expect(order()).toEqual(['c', 'a', 'b']);

    // The DragEvent of the test environment does not bubble.
    const drag = (type: string, at: Element) => {
      const event = new Event(type, { bubbles: true, cancelable: true });
      return fireEvent(at, Object.assign(event, { dataTransfer: { setData: jest.fn() } }));
    };
    drag('dragstart', chip('b'));
    drag('dragover', chip('c'));
    expect(chip('c').getAttribute('data-place')).toBe('before');
    drag('drop', chip('c'));
    drag('dragend', chip('b'));
    expect(order()).toEqual(['b', 'c', 'a']);
    // What is dragged from elsewhere is no channel.
    drag('drop', chip('a'));
    expect(order()).toEqual(['b', 'c', 'a']);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    });
    expect(onCreate).toHaveBeenCalledWith(
      expect.objectContaining({ channels: ['b', 'c', 'a'] }),
      false
    );
  });

  it('sends no channels to a manager without any', async () => {
    const { onCreate } = await show();
    fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await choose('Other');
    await enter('Channels', 'conda-forge', 'Enter');
    await enter('Channels', '', 'Backspace');
    expect(screen.getByLabelText<HTMLInputElement>('Channels').value).toBe('conda-forge');
    await choose('Plain');
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    });
    expect(onCreate).toHaveBeenCalledWith({ name: 'a', packages: [] }, false);
  });

  it('takes any version where the channels do not answer', async () => {
    await show(true);
    fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await choose('Other');
    expect(document.querySelectorAll('datalist option')).toHaveLength(0);
    await enter('Python', '3.12');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Create' }).disabled).toBe(false);
  });
});

it('minorsOf', () => expect(minorsOf(['3.13.0a1', '3.12.2', '3.12.1'])).toEqual(['3.12']));
