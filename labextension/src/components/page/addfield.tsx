import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId, useState } from 'react';

import { withAdds, type IPending } from '../../model/changes';
import type { ILookups } from '../../model/lookups';
import { PackagesField, withDraft } from '../packagesfield';

export interface IAddFieldProps {
  pending: IPending;
  lookups: ILookups;
  /** Whether nothing can be changed now. */
  locked: boolean;
  onPending: (pending: IPending) => void;
  trans: TranslationBundle;
}

/** Where packages are named that shall be installed. */
export function AddField(props: IAddFieldProps): JSX.Element {
  const { pending, lookups, onPending, trans } = props;
  const id = useId();
  const [draft, setDraft] = useState('');
  const invalid = pending.adds.filter(entry => !entry.valid);
  return (
    <div className="jp-EnvironmentPage-add">
      <label htmlFor={id}>{trans.__('Add packages')}</label>
      <PackagesField
        id={id}
        entries={pending.adds}
        draft={draft}
        describedBy={`${id}-note`}
        onChange={(adds, text) => {
          setDraft(text);
          if (adds !== pending.adds) {
            onPending(withAdds(pending, adds));
          }
        }}
        lookups={lookups}
        trans={trans}
      />
      {draft.trim() !== '' && (
        <button
          type="button"
          className="jp-Environments-button"
          disabled={props.locked}
          onClick={() => {
            onPending(withAdds(pending, withDraft(pending.adds, draft, lookups.syntax)));
            setDraft('');
          }}
        >
          {trans.__('Add')}
        </button>
      )}
      <div
        id={`${id}-note`}
        className="jp-Environments-note"
        data-state={invalid.length > 0 ? 'error' : 'ok'}
        aria-live="polite"
      >
        {invalid.length > 0
          ? trans.__('Not a package, URL or path: %1', invalid.map(each => each.text).join(', '))
          : lookups.syntax === 'matchspec'
            ? trans.__('Type a name, or paste a “conda install” line, match specs or an import.')
            : trans.__('Type a name, or paste a “pip install” line, requirements or an import.')}
      </div>
    </div>
  );
}
