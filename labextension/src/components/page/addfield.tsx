import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId, useState } from 'react';

import { withAdds, type IPending } from '../../model/changes';
import type { ILookups } from '../../model/lookups';
import { judged } from '../../model/packages';
import { notPackagesText, PackagesField, withDraft } from '../packagesfield';

export interface IAddFieldProps {
  pending: IPending;
  lookups: ILookups;
  /** Whether packages of pip lie beside others there. */
  pipApart: boolean;
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
  const syntax = props.pipApart && pending.orPip ? 'either' : lookups.syntax;
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
        syntax={syntax}
        trans={trans}
      />
      {draft.trim() !== '' && (
        <button
          type="button"
          className="jp-Environments-button"
          disabled={props.locked}
          onClick={() => {
            onPending(withAdds(pending, withDraft(pending.adds, draft, syntax)));
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
          ? notPackagesText(invalid, syntax, trans)
          : lookups.syntax === 'matchspec'
            ? trans.__('Type a name, or paste a “conda install” line, match specs or an import.')
            : trans.__('Type a name, or paste a “pip install” line, requirements or an import.')}
      </div>
      {props.pipApart && (pending.adds.length > 0 || draft.trim() !== '') && (
        <label className="jp-EnvironmentPage-orPip">
          <input
            type="checkbox"
            checked={pending.orPip ?? false}
            disabled={props.locked}
            onChange={event => {
              const orPip = event.target.checked;
              const adds = judged(pending.adds, orPip ? 'either' : lookups.syntax);
              onPending({ ...pending, adds, orPip });
            }}
          />
          {trans.__('Let pip bring what no channel has')}
        </label>
      )}
    </div>
  );
}
