import { nullTranslator } from '@jupyterlab/translation';
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';

import type { IRevision } from '../../src/api/types';
import { HistoryTab, type IHistoryTabProps } from '../../src/components/page/history';

const trans = nullTranslator.load('jupyter_envs');

function revision(number: number, fields: Partial<IRevision> = {}): IRevision {
  return {
    revision: number,
    time: '2026-01-01T00:00:00Z',
    by: 'rest',
    action: 'change',
    asked: { install: [`package-${number}`] },
    plan: {
      added: [{ name: `package-${number}`, version: '1.0', size: null }],
      changed: [],
      removed: [],
      download_size: null,
      disk_size: null
    },
    ...fields
  };
}

function show(fields: Partial<IHistoryTabProps> = {}): IHistoryTabProps {
  const props: IHistoryTabProps = {
    history: {
      value: [
        revision(3, { by: 'outside', asked: {} }),
        revision(2, { by: 'cli', user: 'ada' }),
        revision(1, { action: 'create', asked: { packages: ['<b>'], python: '3.12' } })
      ],
      failure: null
    },
    locked: false,
    wayBack: null,
    onLookBack: jest.fn(),
    onGoBack: jest.fn().mockResolvedValue(null),
    terms: { read: async () => [], accept: async () => undefined },
    onRetry: jest.fn(),
    trans,
    ...fields
  };
  render(<HistoryTab {...props} />);
  return props;
}

function row(number: number): HTMLElement {
  return screen.getByRole('listitem', { name: new RegExp(`^Revision ${number},`) });
}

describe('HistoryTab', () => {
  it('tells what was done, by which way, by whom, and marks what others did', () => {
    show();
    expect(row(3).textContent).toContain('outside');
    expect(row(2).textContent).toContain('on the command line · ada');
    expect(row(1).textContent).toContain('Asked: Python 3.12; <b>');
    expect(row(2).textContent).toContain('Asked: install package-2');
    expect(within(row(3)).queryByRole('button', { name: /^Back/ })).toBeNull();
  });

  it('shows a difference by the keyboard, and moves', () => {
    show();
    act(() => row(3).focus());
    fireEvent.keyDown(row(3), { key: 'Enter' });
    expect(row(3).querySelector('li')?.textContent).toContain('package-3');
    fireEvent.keyDown(row(3), { key: 'End' });
    expect(document.activeElement).toBe(row(1));
    fireEvent.keyDown(row(1), { key: 'ArrowUp' });
    expect(document.activeElement).toBe(row(2));
  });

  it('compares one with how it is now, and any two', () => {
    show();
    fireEvent.keyDown(row(3), { key: 'x' });
    fireEvent.click(screen.getByRole('checkbox', { name: 'Compare revision 1' }));
    const now = screen.getByRole('region', { name: 'From revision 1 to 3' });
    expect(now.textContent).toContain('2 added');
    fireEvent.click(screen.getByRole('checkbox', { name: 'Compare revision 2' }));
    const two = screen.getByRole('region', { name: 'From revision 1 to 2' });
    expect(two.textContent).toContain('package-2');
    expect(two.textContent).not.toContain('package-3');
    fireEvent.click(within(two).getByRole('button', { name: 'Close the comparison' }));
    expect(screen.queryByRole('region')).toBeNull();
  });

  it('asks for what going back would do, shows that in its row, and says why it did not', async () => {
    const { onLookBack } = show();
    fireEvent.click(screen.getByRole('button', { name: 'Back to revision 1' }));
    expect(onLookBack).toHaveBeenCalledWith(1);
    cleanup();
    const { plan } = revision(2);
    const refused = { message: 'It is busy.', reason: 'busy', hint: null };
    const asked = show({
      wayBack: { revision: 1, preview: { state: 'ready', plan } },
      onGoBack: jest.fn().mockResolvedValue(refused)
    });
    const question = within(row(1)).getByRole('group', { name: 'Back to revision 1?' });
    expect(question.textContent).toContain('1 added');
    expect(document.activeElement?.textContent).toBe('Cancel');
    fireEvent.keyDown(document.activeElement!, { key: 'Escape' });
    expect(asked.onLookBack).toHaveBeenLastCalledWith(null);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Go back' }));
    });
    expect(asked.onGoBack).toHaveBeenCalledTimes(1);
    expect(screen.getByRole('alert').textContent).toContain('It is busy.');
  });

  it('goes nowhere before the plan is there', () => {
    show({ wayBack: { revision: 1, preview: { state: 'working' } } });
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Go back' }).disabled).toBe(true);
    expect(screen.getByText('Working out what would change…')).toBeTruthy();
  });

  it('draws few of many', () => {
    const value = Array.from({ length: 200 }, (_, at) => revision(200 - at));
    show({ history: { value, failure: null } });
    expect(screen.getAllByRole('listitem').length).toBeLessThan(40);
  });

  it('has words for nothing, for waiting, and for a failure', () => {
    show({ history: { value: [], failure: null } });
    expect(screen.getByText(/Nothing was changed here yet/)).toBeTruthy();
    show({ history: { value: null, failure: null } });
    expect(screen.getByText('Reading the history…')).toBeTruthy();
    const failure = { message: 'Away.', reason: 'x', hint: null };
    const { onRetry } = show({ history: { value: null, failure } });
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(onRetry).toHaveBeenCalled();
  });
});
