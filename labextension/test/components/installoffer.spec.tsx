import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { IProvider } from '../../src/api/types';
import { InstallOffer, type IInstallOfferProps } from '../../src/components/installoffer';
import { job } from '../server';

const trans = nullTranslator.load('jupyter_envs');

function provider(fields: Partial<IProvider> = {}): IProvider {
  return { name: 'scikit-learn', source: 'known', environments: [], ...fields };
}

function show(fields: Partial<IInstallOfferProps> = {}): IInstallOfferProps {
  const props: IInstallOfferProps = {
    module: 'sklearn',
    providers: [provider()],
    environment: { id: 'thesis-id', name: 'thesis', pipApart: false },
    state: { kind: 'offer', error: null },
    having: [],
    onUse: jest.fn(),
    onInstall: jest.fn(),
    onAgain: jest.fn(),
    terms: { read: async () => [], accept: async () => undefined },
    onCancel: jest.fn(),
    onRunAgain: jest.fn(),
    onNewEnvironment: jest.fn(),
    onDismiss: jest.fn(),
    trans,
    ...fields
  };
  render(<InstallOffer {...props} />);
  return props;
}

function click(name: string): void {
  fireEvent.click(screen.getByRole('button', { name }));
}

it('installs on the click alone', () => {
  const { onInstall } = show();
  expect(onInstall).not.toHaveBeenCalled();
  click('Install scikit-learn into thesis');
  expect(onInstall).toHaveBeenCalledWith('scikit-learn');
});

it('leads to the environments that have it, and installs nothing then', () => {
  const having = ['lab', 'two', 'three', 'four'].map(name => ({ name, kernel: `k-${name}` }));
  const { onUse, onInstall } = show({ having });
  expect(screen.getAllByRole('button', { name: /which has it$/ })).toHaveLength(3);
  click('Use lab, which has it');
  expect(onUse).toHaveBeenCalledWith('k-lab');
  expect(onInstall).not.toHaveBeenCalled();
});

it('leads there too where nothing can be installed', () => {
  const { onUse } = show({ environment: null, having: [{ name: 'lab', kernel: 'k-lab' }] });
  click('Use lab, which has it');
  expect(onUse).toHaveBeenCalledWith('k-lab');
});

it('takes another name, and refuses what is none', () => {
  const { onInstall } = show({ providers: [provider(), provider({ name: 'sklearn-x' })] });
  click('Other…');
  const field = screen.getByLabelText('Package');
  expect(document.activeElement).toBe(field);
  fireEvent.change(field, { target: { value: '--index-url=x' } });
  expect(field.getAttribute('aria-invalid')).toBe('true');
  fireEvent.submit(field);
  expect(onInstall).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: ' scikit-learn>=1.4 ' } });
  fireEvent.submit(field);
  expect(onInstall).toHaveBeenLastCalledWith('scikit-learn>=1.4');
  click('Install sklearn-x');
  expect(onInstall).toHaveBeenLastCalledWith('sklearn-x');
});

it('takes match specs where pip is apart, or what pip alone knows', () => {
  const { onInstall } = show({ environment: { id: 'e', name: 'lab', pipApart: true } });
  expect(screen.getByText(/by pip where none of them has it/)).toBeTruthy();
  click('Other…');
  const field = screen.getByLabelText('Package');
  const enter = (value: string) => {
    fireEvent.change(field, { target: { value } });
    fireEvent.submit(field);
  };
  enter('numpy>=');
  expect(screen.getByRole('status').textContent).toContain('match spec');
  expect(onInstall).not.toHaveBeenCalled();
  enter('conda-forge::numpy=2.1=*_0');
  expect(onInstall).toHaveBeenLastCalledWith('conda-forge::numpy=2.1=*_0');
  enter('pandas[excel]');
  expect(onInstall).toHaveBeenLastCalledWith('pandas[excel]');
});

it('takes no match spec where there are none', () => {
  const { onInstall } = show();
  click('Other…');
  const field = screen.getByLabelText('Package');
  fireEvent.change(field, { target: { value: 'numpy=2.1' } });
  fireEvent.submit(field);
  expect(onInstall).not.toHaveBeenCalled();
});

it('says what is only a guess', () => {
  show({ module: 'helpers', providers: [provider({ name: 'helpers', source: 'guess' })] });
  expect(screen.getByText(/A guess from the name/)).not.toBeNull();
});

it('asks for a name where none is known', () => {
  show({ providers: [] });
  expect(screen.getByText('No package is known that brings sklearn.')).not.toBeNull();
  expect(screen.getByLabelText('Package')).not.toBeNull();
});

it('offers nothing that is there already', () => {
  show({ providers: [provider({ source: 'installed', environments: ['thesis-id'] })] });
  expect(screen.queryByRole('button', { name: /Install/ })).toBeNull();
  expect(screen.getByText(/scikit-learn is in thesis/)).not.toBeNull();
});

it('leads to an environment where nothing can be installed', () => {
  const { onNewEnvironment } = show({ environment: null });
  click('New environment with scikit-learn…');
  expect(onNewEnvironment).toHaveBeenCalled();
});

it('shows the progress, and cancels', () => {
  const running = job({ title: 'Install scikit-learn into thesis' });
  const { onCancel } = show({ state: { kind: 'installing', job: running } });
  expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('65');
  click('Cancel');
  expect(onCancel).toHaveBeenCalledWith(running);
});

it('runs the cell again, and says when that may not be enough', () => {
  const { onRunAgain } = show({
    state: { kind: 'done', name: 'scikit-learn', changed: ['numpy'], warnings: ['By pip.'] }
  });
  expect(screen.getByRole('status').textContent).toContain('numpy');
  expect(screen.getByRole('status').textContent).toContain('By pip.');
  click('Run the cell again');
  expect(onRunAgain).toHaveBeenCalled();
});

it('shows why it failed, and the offer again', () => {
  const error = { message: 'No such package.', reason: 'x', hint: 'Look at the name.' };
  const { onDismiss } = show({ state: { kind: 'offer', error } });
  expect(screen.getByRole('alert').textContent).toContain('Look at the name.');
  expect(screen.getByRole('button', { name: /Install scikit-learn/ })).not.toBeNull();
  click('Dismiss');
  expect(onDismiss).toHaveBeenCalled();
});
