import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import { RequestError } from '../../src/api/request';
import type { IOrigin, IRebuilding } from '../../src/api/types';
import { RebuildForm } from '../../src/components/rebuildform';

const trans = nullTranslator.load('jupyter_envs');

function origin(name: string, more: Partial<IOrigin> = {}): IOrigin {
  return {
    name,
    version: '1.0',
    source: 'https://index.example/simple',
    asked: true,
    approved: false,
    hashed: true,
    manager: 'pip',
    meant: null,
    ...more
  };
}

function rebuilding(more: Partial<IRebuilding> = {}): IRebuilding {
  return {
    name: 'report',
    manager: null,
    python: '3.12',
    exact: false,
    has_lock: false,
    declared: true,
    complete: true,
    packages: [origin('a'), origin('base', { asked: false, approved: true })],
    warnings: [],
    ...more
  };
}

function show(...answers: Array<IRebuilding | Error>) {
  const manager = { rebuilding: jest.fn(), rebuild: jest.fn().mockResolvedValue({ id: 'job' }) };
  for (const answer of answers) {
    manager.rebuilding.mockImplementationOnce(() =>
      answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    );
  }
  const onDone = jest.fn();
  render(
    <RebuildForm
      manager={manager}
      notebook="{}"
      filename="report.ipynb"
      told={null}
      onDone={onDone}
      trans={trans}
    />
  );
  return { manager, onDone };
}

describe('RebuildForm', () => {
  it('installs nothing before the click, and then what was listed', async () => {
    const packages = [origin('a'), origin('made', { builds: true })];
    const { manager, onDone } = show(rebuilding({ packages, plan: 'sha256:1' }));
    const button = await screen.findByRole('button', { name: 'Approve and rebuild' });
    expect(screen.getByText(/its code runs while it is installed/)).toBeTruthy();
    // Neither the click nor Enter in the name's field does it before the tick.
    fireEvent.click(button);
    fireEvent.submit(button.closest('form')!);
    expect(manager.rebuild).not.toHaveBeenCalled();
    fireEvent.click(
      screen.getByLabelText(/code of made run here.*builds ask for from https:\/\/index\.example/)
    );
    expect(manager.rebuild).not.toHaveBeenCalled();
    await act(async () => fireEvent.click(button));
    expect(manager.rebuild).toHaveBeenCalledWith({
      notebook: '{}',
      filename: 'report.ipynb',
      exact: false,
      approve: ['a', 'made'],
      build: ['made'],
      plan: 'sha256:1',
      name: 'report'
    });
    expect(onDone).toHaveBeenCalledWith({ id: 'job' });
  });

  it('asks anew, without the tick, where something else would be installed by then', async () => {
    const packages = [origin('made', { builds: true })];
    const more = [...packages, origin('other', { builds: true })];
    const { manager, onDone } = show(
      rebuilding({ packages, plan: 'sha256:1' }),
      rebuilding({ packages: more, plan: 'sha256:2' })
    );
    const error = new RequestError(409, {
      message: 'What would be installed is not what was listed any more.',
      reason: 'approval_needed',
      hint: null
    });
    manager.rebuild.mockRejectedValueOnce(error);
    fireEvent.click(await screen.findByRole('checkbox'));
    await act(async () => fireEvent.click(screen.getByRole('button', { name: /^Approve/ })));
    const button = await screen.findByRole<HTMLButtonElement>('button', { name: /^Approve/ });
    await screen.findByText('other');
    expect(screen.getByText(/not what was listed any more/)).toBeTruthy();
    expect(button.disabled).toBe(true);
    expect(manager.rebuild).toHaveBeenCalledTimes(1);
    fireEvent.click(screen.getByRole('checkbox'));
    await act(async () => fireEvent.click(button));
    expect(manager.rebuild.mock.calls[1][0]).toMatchObject({
      plan: 'sha256:2',
      build: ['made', 'other']
    });
    expect(onDone).toHaveBeenCalledTimes(1);
  });

  it('puts a name that looks like a slip first, and says of which', async () => {
    show(rebuilding({ packages: [origin('a'), origin('nunpy', { meant: 'numpy' })] }));
    await screen.findByText(/did you mean numpy\?/);
    expect(screen.getAllByRole('rowheader')[0].textContent).toBe('nunpy');
  });

  it('asks twice where only an approved address tells what else comes', async () => {
    const { manager } = show(
      rebuilding({ complete: false, packages: [origin('a')] }),
      rebuilding()
    );
    const button = await screen.findByRole('button', { name: 'Approve and look further' });
    await act(async () => fireEvent.click(button));
    await screen.findByRole('button', { name: 'Approve and rebuild' });
    expect(manager.rebuilding.mock.calls[1][0].approve).toEqual(['a']);
    expect(manager.rebuild).not.toHaveBeenCalled();
  });

  it('lets one choose between the lock and the newest', async () => {
    const { manager } = show(rebuilding({ has_lock: true, exact: true }), rebuilding());
    fireEvent.click(await screen.findByLabelText('The newest that fit'));
    await waitFor(() => expect(manager.rebuilding).toHaveBeenCalledTimes(2));
    expect(manager.rebuilding.mock.calls[1][0].exact).toBe(false);
  });

  it('says why it cannot tell, and tries again', async () => {
    const error = new RequestError(503, {
      message: 'The index cannot be reached.',
      reason: 'index_unreachable',
      hint: null
    });
    show(error, rebuilding());
    await screen.findByText('The index cannot be reached.');
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByRole('button', { name: 'Approve and rebuild' });
  });

  it('does nothing on Cancel', async () => {
    const { manager, onDone } = show(rebuilding());
    fireEvent.click(await screen.findByRole('button', { name: 'Cancel' }));
    expect(onDone).toHaveBeenCalledWith(null);
    expect(manager.rebuild).not.toHaveBeenCalled();
  });
});
