import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import type { ILookups } from '../model/lookups';
import { isPreRelease } from '../model/requirements';
import { TextField } from './formfields';

/** A version of Python for a manager that brings its own; the versions of its channels are suggested. */
export function PythonVersion(props: {
  id: string;
  value: string;
  error: string | null;
  lookups: ILookups;
  onChange: (value: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, lookups, trans } = props;
  const [minors, setMinors] = useState<ReadonlyArray<string>>([]);
  useEffect(() => {
    let gone = false;
    lookups.versions('python').then(
      found => gone || setMinors(minorsOf(found.versions)),
      // Any version can be typed all the same.
      () => gone || setMinors([])
    );
    return () => {
      gone = true;
    };
  }, [lookups]);
  return (
    <>
      <TextField
        id={id}
        label={trans.__('Python')}
        value={props.value}
        placeholder={minors.length > 0 ? trans.__('Such as %1', minors[0]) : undefined}
        error={props.error}
        note={trans.__('A version; empty for what the packages take.')}
        list={`${id}-versions`}
        onChange={props.onChange}
      />
      <datalist id={`${id}-versions`}>
        {minors.map(minor => (
          <option key={minor} value={minor} />
        ))}
      </datalist>
    </>
  );
}

/** The first two numbers of each final version, once, in their order. */
export function minorsOf(versions: ReadonlyArray<string>): ReadonlyArray<string> {
  const finals = versions.filter(version => !isPreRelease(version));
  return [...new Set(finals.map(version => version.split('.').slice(0, 2).join('.')))];
}
