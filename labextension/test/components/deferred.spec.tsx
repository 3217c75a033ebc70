import { nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { deferred } from '../../src/components/deferred';

const trans = nullTranslator.load('jupyter_envs');

function Shown(props: { text: string; trans: TranslationBundle }): JSX.Element {
  return <p>{props.text}</p>;
}

describe('deferred', () => {
  it('shows nothing before the code is there, and asks for it once', async () => {
    const load = jest.fn().mockResolvedValue(Shown);
    const Part = deferred<{ text: string; trans: TranslationBundle }>(load);
    Part.preload();
    const { container } = render(<Part text="hello" trans={trans} />);
    await screen.findByText('hello');
    render(<Part text="again" trans={trans} />);
    expect(screen.getByText('again')).toBeTruthy();
    expect(container.textContent).toBe('hello');
    expect(load.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it('says when the code cannot be loaded, and tries again', async () => {
    const load = jest.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(Shown);
    const Part = deferred<{ text: string; trans: TranslationBundle }>(load);
    render(<Part text="hello" trans={trans} />);
    await screen.findByRole('alert');
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('hello');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
