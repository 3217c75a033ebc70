import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { RequestError } from '../../src/api/request';
import { Refusal } from '../../src/components/terms';

const trans = nullTranslator.load('jupyter_envs');
const MAIN = 'https://channels.example/main';
const error = {
  message: 'It may be used only under its terms.',
  reason: 'terms',
  hint: 'Accept them.',
  field: 'channels',
  detail: MAIN
};

async function show(fields: object = {}, url = `${MAIN}/terms`) {
  const terms = {
    read: jest.fn(async () => [{ channel: MAIN, title: 'The terms', url, accepted: null }]),
    accept: jest.fn<Promise<void>, [ReadonlyArray<string>]>(async () => undefined)
  };
  const onGoOn = jest.fn();
  const view = render(
    <Refusal error={error} terms={terms} onGoOn={onGoOn} trans={trans} {...fields} />
  );
  await act(async () => undefined);
  return { terms, onGoOn, view };
}

async function click(name: string): Promise<void> {
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name }));
  });
}

it('asks with the channel and its terms, and goes on only when they are accepted', async () => {
  const { terms, onGoOn } = await show();
  expect(screen.getByText(MAIN)).toBeTruthy();
  const link = screen.getByRole<HTMLAnchorElement>('link', { name: `The terms of ${MAIN}` });
  expect([link.href, link.target, link.rel]).toEqual([
    `${MAIN}/terms`,
    '_blank',
    'noopener noreferrer'
  ]);
  expect(terms.accept).not.toHaveBeenCalled();
  await click('Accept and continue');
  expect(terms.accept).toHaveBeenCalledWith([MAIN]);
  expect(onGoOn).toHaveBeenCalledTimes(1);
});

it('accepts nothing on “Not now”, and can be asked for later', async () => {
  const { terms, onGoOn, view } = await show();
  await click('Not now');
  expect(screen.getByText(error.message)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Accept and continue' })).toBeNull();
  // The next look ahead is refused in the same way, and asks nothing.
  view.rerender(<Refusal error={{ ...error }} terms={terms} onGoOn={onGoOn} trans={trans} />);
  expect(screen.queryByRole('button', { name: 'Accept and continue' })).toBeNull();
  await click('Terms…');
  expect(screen.getByRole('button', { name: 'Accept and continue' })).toBeTruthy();
  fireEvent.keyDown(screen.getByRole('button', { name: 'Not now' }), { key: 'Escape' });
  expect(screen.queryByRole('button', { name: 'Accept and continue' })).toBeNull();
  expect(terms.accept).not.toHaveBeenCalled();
  expect(onGoOn).not.toHaveBeenCalled();
});

it('says why they could not be accepted, and does not go on', async () => {
  const { terms, onGoOn } = await show();
  terms.accept.mockRejectedValueOnce(
    new RequestError(403, { message: 'You may not.', reason: 'x', hint: null })
  );
  await click('Accept and continue');
  expect(screen.getByRole('alert').textContent).toContain('You may not.');
  expect(onGoOn).not.toHaveBeenCalled();
});

it('only accepts where nothing is known that waits', async () => {
  await show({ onGoOn: undefined });
  await click('Accept');
  expect(screen.getByRole('status').textContent).toContain('can be asked for again');
});

it('takes the focus only where the user waits for it', async () => {
  const { view } = await show();
  expect(document.activeElement).toBe(document.body);
  view.unmount();
  await show({ focus: true });
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Not now' }));
});

it('links to nothing but the web', async () => {
  await show({}, 'javascript:alert(1)');
  expect(screen.queryByRole('link')).toBeNull();
});

it('shows any other error as it is', async () => {
  await show({ error: { ...error, reason: 'x' }, children: <button>More</button> });
  expect(screen.getByRole('alert').textContent).toContain(error.message);
  expect(screen.getByRole('button', { name: 'More' })).toBeTruthy();
});
