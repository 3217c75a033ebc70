import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { MissingKernelBanner } from '../../src/components/banner';

it('names what is missing and what runs instead, and offers each way', () => {
  const handlers = {
    onRebuild: jest.fn(),
    onCreate: jest.fn(),
    onChoose: jest.fn(),
    onDismiss: jest.fn()
  };
  render(
    <MissingKernelBanner
      wanted="<b>old</b>"
      instead="Python 3"
      trans={nullTranslator.load('jupyter_envs')}
      {...handlers}
    />
  );
  expect(screen.getByRole('alert').textContent).toContain('“<b>old</b>”');
  expect(screen.getByRole('alert').textContent).toContain('It runs with Python 3 now.');
  fireEvent.click(screen.getByRole('button', { name: 'Rebuild its environment…' }));
  fireEvent.click(screen.getByRole('button', { name: 'New environment…' }));
  fireEvent.click(screen.getByRole('button', { name: 'Choose another kernel…' }));
  fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  for (const handler of Object.values(handlers)) {
    expect(handler).toHaveBeenCalledTimes(1);
  }
});
