import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { Agreed } from '../../src/api/client';
import { RequestError } from '../../src/api/request';
import { ErrorText } from '../../src/components/errortext';
import { Refusal } from '../../src/components/terms';
import { asking } from '../../src/model/adoption';

const trans = nullTranslator.load('jupyter_envs');
const needed = (adopt = 'sha256:1') =>
  new RequestError(409, {
    adopt,
    message: 'demo was not made here, and what lies in it would run.',
    reason: 'adoption_needed',
    hint: null,
    field: 'adopt',
    detail: 'Interpreter: /home/me/.venv/bin/python\n<b>Kernel</b>: run'
  });

async function refused(send: (adopt: Agreed) => Promise<unknown>): Promise<RequestError> {
  return asking(send).then(
    () => {
      throw new Error('it was not refused');
    },
    error => error as RequestError
  );
}

async function click(name: string): Promise<void> {
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name }));
  });
}

it('shows what will run, and sends the same again only when that is agreed', async () => {
  const sent: Agreed[] = [];
  const error = await refused(async adopt => {
    sent.push(adopt);
    if (!adopt) {
      throw needed();
    }
  });
  render(<ErrorText error={error} trans={trans} />);
  expect(screen.getByLabelText('What will run').textContent).toContain('/home/me/.venv/bin/python');
  expect(screen.getByLabelText('What will run').querySelector('b')).toBeNull();
  expect(sent).toEqual([null]);
  await click('Not now');
  expect(screen.getByRole('status').textContent).toContain('nothing was changed');
  expect(sent).toEqual([null]);
  await click('Ask again');
  expect(document.activeElement?.textContent).toBe('Not now');
  fireEvent.keyDown(document.activeElement!, { key: 'Escape' });
  await click('Ask again');
  await click('Adopt and continue');
  expect(sent).toEqual([null, 'sha256:1']);
  expect(screen.getByRole('status').textContent).toContain('adopted');
});

it('takes no focus from whoever types while a look ahead asks', async () => {
  render(<input aria-label="other" />);
  screen.getByLabelText('other').focus();
  const error = await refused(async () => {
    throw needed();
  });
  render(<ErrorText error={error} trans={trans} />);
  expect(document.activeElement).toBe(screen.getByLabelText('other'));
});

it('goes on once it is adopted', async () => {
  const onGoOn = jest.fn();
  const error = await refused(async adopt => {
    if (!adopt) {
      throw needed();
    }
  });
  const terms = { read: jest.fn(async () => []), accept: jest.fn(async () => undefined) };
  render(<Refusal error={error} terms={terms} onGoOn={onGoOn} trans={trans} />);
  expect(onGoOn).not.toHaveBeenCalled();
  await click('Adopt and continue');
  expect(onGoOn).toHaveBeenCalledTimes(1);
});

it('asks anew where something else would run by then, and sends only what was shown last', async () => {
  const sent: Agreed[] = [];
  const onGoOn = jest.fn();
  const error = await refused(async adopt => {
    sent.push(adopt);
    if (adopt !== 'sha256:2') {
      throw needed(adopt === null ? 'sha256:1' : 'sha256:2');
    }
  });
  const terms = { read: jest.fn(async () => []), accept: jest.fn(async () => undefined) };
  render(<Refusal error={error} terms={terms} onGoOn={onGoOn} trans={trans} />);
  await click('Adopt and continue');
  expect(sent).toEqual([null, 'sha256:1']);
  expect(onGoOn).not.toHaveBeenCalled();
  expect(screen.getByLabelText('What will run')).toBeTruthy();
  await click('Adopt and continue');
  expect(sent).toEqual([null, 'sha256:1', 'sha256:2']);
  expect(onGoOn).toHaveBeenCalledTimes(1);
});

it('says why it did not go on', async () => {
  const error = await refused(async adopt => {
    throw adopt
      ? new RequestError(403, { message: 'It is closed.', reason: 'x', hint: null })
      : needed();
  });
  render(<ErrorText error={error} trans={trans} />);
  await click('Adopt and continue');
  expect(screen.getByRole('alert').textContent).toContain('It is closed.');
});

it('asks nothing of another error', async () => {
  const error = await refused(async () => {
    throw new RequestError(409, { message: 'Busy.', reason: 'busy', hint: null });
  });
  expect(error.agree).toBeUndefined();
});
