import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { Chip } from '../../src/components/chip';
import type { ChipState } from '../../src/model/notebook';
import { environment } from '../server';

const trans = nullTranslator.load('jupyter_envs');

function show(state: ChipState) {
  const handlers = { onOpen: jest.fn(), onRestart: jest.fn() };
  render(<Chip state={state} trans={trans} {...handlers} />);
  return handlers;
}

it('shows nothing where there is nothing to tell', () => {
  show({ kind: 'none' });
  expect(screen.queryByRole('button')).toBeNull();
});

it('names the environment and opens it', () => {
  const { onOpen } = show({ kind: 'ready', label: 'thesis', environment: environment() });
  const button = screen.getByRole('button', { name: 'Environment thesis' });
  expect(button.title).toContain('/data/envs/thesis');
  fireEvent.click(button);
  expect(onOpen).toHaveBeenCalled();
});

it('says why one is broken, and names it as text', () => {
  const label = '<img src=x>';
  const problems = [
    { code: 'x', severity: 'error' as const, message: 'Its Python is gone.', repair: null }
  ];
  show({ kind: 'broken', label, environment: environment({ problems }) });
  const button = screen.getByRole('button', { name: 'Environment <img src=x>, broken' });
  expect(button.title).toBe('Its Python is gone.');
  expect(document.querySelector('img')).toBeNull();
});

it('offers the restart that is due', () => {
  const packages = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const { onRestart } = show({ kind: 'changed', label: 'x', environment: environment(), packages });
  expect(screen.getByRole('button', { name: 'Environment x, changed' }).title).toContain(
    'a, b, c, d, e and 2 more'
  );
  fireEvent.click(screen.getByRole('button', { name: 'Restart…' }));
  expect(onRestart).toHaveBeenCalled();
});

it.each(['foreign', 'unknown', 'missing'] as const)('shows %s', kind => {
  show({ kind, label: 'Python 3' });
  expect(screen.getByRole('button').title).toContain('Python 3');
});
