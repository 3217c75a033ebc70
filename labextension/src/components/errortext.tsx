import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { ShownError } from '../api/types';
import { AdoptionQuestion } from './adoption';

/** What went wrong and what to do; the tool's own words are one click away. */
export function ErrorText(props: {
  error: ShownError;
  trans: TranslationBundle;
  /** Buttons that go with it. */
  children?: React.ReactNode;
  /** What follows once an environment is adopted, where that is what it takes. */
  onAdopted?: () => void;
}): JSX.Element {
  const { error, trans } = props;
  const [open, setOpen] = useState(false);
  if (error.agree) {
    return (
      <AdoptionQuestion
        error={error}
        adopt={error.agree}
        onAdopted={props.onAdopted}
        failure={failed => <ErrorText {...props} error={failed} />}
        trans={trans}
      />
    );
  }
  return (
    <div className="jp-Environments-problem" data-severity="error" role="alert">
      <span>
        <strong>{error.message}</strong> {error.hint}
      </span>
      {error.detail && (
        <button
          type="button"
          className="jp-Environments-link"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? trans.__('Hide details') : trans.__('Details')}
        </button>
      )}
      {props.children}
      {open && (
        <pre className="jp-Environments-log" tabIndex={0} aria-label={trans.__('Details')}>
          {error.detail}
        </pre>
      )}
    </div>
  );
}
