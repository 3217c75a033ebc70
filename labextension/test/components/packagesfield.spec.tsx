import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen } from '@testing-library/react';
import React, { useState } from 'react';

import { RequestError } from '../../src/api/request';
import { PackagesField } from '../../src/components/packagesfield';
import type { ILookups } from '../../src/model/lookups';
import type { IPackageEntry } from '../../src/model/packages';

const trans = nullTranslator.load('jupyter_envs');

const lookups: ILookups = {
  syntax: 'requirement',
  search: async q =>
    [
      { name: 'numpy', summary: 'Arrays', source: 'installed' as const },
      { name: 'numba', summary: null, source: 'popular' as const }
    ].filter(found => found.name.includes(q)),
  versions: async name => {
    if (name !== 'numpy') {
      throw new RequestError(404, { message: 'no', reason: 'x', hint: null });
    }
    return { name, versions: ['2.3.4', '2.3.3'], summary: 'Arrays' };
  },
  distributions: async modules => modules.filter(m => m === 'sklearn').map(() => 'scikit-learn')
};

function Field(): JSX.Element {
  const [entries, setEntries] = useState<ReadonlyArray<IPackageEntry>>([]);
  const [draft, setDraft] = useState('');
  return (
    <>
      <label htmlFor="field">Packages</label>
      <PackagesField
        id="field"
        entries={entries}
        draft={draft}
        describedBy="note"
        onChange={(all, text) => {
          setEntries(all);
          setDraft(text);
        }}
        lookups={lookups}
        trans={trans}
      />
    </>
  );
}

function type(text: string): HTMLElement {
  const field = screen.getByRole('combobox', { name: 'Packages' });
  fireEvent.change(field, { target: { value: text } });
  return field;
}

async function pause(): Promise<void> {
  await act(() => new Promise(resolve => setTimeout(resolve, 600)));
}

describe('PackagesField with look-ups', () => {
  beforeEach(() => {
    render(<Field />);
  });

  it('suggests known names, the index’s own answer first, and takes one by the keyboard', async () => {
    const field = type('num');
    await pause();
    expect(screen.getAllByRole('option')).toHaveLength(2);
    type('numpy');
    await pause();
    expect(screen.getByText('2.3.4, newest of 2 versions')).toBeTruthy();
    fireEvent.keyDown(field, { key: 'ArrowDown' });
    expect(field.getAttribute('aria-activedescendant')).toBe('field-list-0');
    fireEvent.keyDown(field, { key: 'Enter' });
    expect(screen.getByRole('button', { name: 'Leave out numpy' })).toBeTruthy();
    expect(screen.queryByRole('listbox')).toBeNull();
    await pause();
  });

  it('offers versions after two equals signs', async () => {
    type('numpy==2.3.');
    await pause();
    const texts = screen.getAllByRole('option').map(option => option.textContent);
    expect(texts).toEqual(['numpy==2.3.4', 'numpy==2.3.3']);
  });

  it('closes the list with Escape and keeps what is typed', async () => {
    const field = type('num') as HTMLInputElement;
    await pause();
    fireEvent.keyDown(field, { key: 'Escape' });
    expect(screen.queryByRole('listbox')).toBeNull();
    expect(field.value).toBe('num');
  });

  it('marks a name that the index does not have', async () => {
    fireEvent.keyDown(type('nunpy'), { key: 'Enter' });
    await pause();
    expect(screen.getByText('The index has no package of this name.')).toBeTruthy();
  });

  it('knows while it is typed what cannot be a package', () => {
    expect(type('numpy>>2').getAttribute('aria-invalid')).toBe('true');
    expect(type('pip install').getAttribute('aria-invalid')).toBe('false');
    expect(type('numpy>=').getAttribute('aria-invalid')).toBe('false');
  });

  it('makes packages of imports', async () => {
    const field = type('');
    const paste = new Event('paste', { bubbles: true, cancelable: true });
    const text = 'from sklearn.svm import SVC\nimport os\nsix>=1';
    Object.defineProperty(paste, 'clipboardData', { value: { getData: () => text } });
    fireEvent(field, paste);
    await pause();
    expect(screen.getByRole('button', { name: 'Leave out scikit-learn' })).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Leave out six>=1' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Leave out os' })).toBeNull();
  });
});
