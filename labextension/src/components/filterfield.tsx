import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** A field that narrows a list down; Escape empties it. */
export function FilterField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  inputRef: React.RefObject<HTMLInputElement>;
  trans: TranslationBundle;
}): JSX.Element {
  const { label, value, onChange, inputRef, trans } = props;
  return (
    <input
      ref={inputRef}
      type="search"
      className="jp-Environments-input jp-Environments-filter"
      aria-label={label}
      placeholder={trans.__('Filter')}
      value={value}
      onChange={event => onChange(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          onChange('');
        }
      }}
    />
  );
}
