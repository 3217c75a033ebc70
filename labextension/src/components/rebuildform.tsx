import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useId, useState } from 'react';

import { RequestError } from '../api/request';
import type { IErrorBody, IJob, IOrigin, IRebuilding } from '../api/types';
import { isOtherThanAgreed } from '../model/rebuilding';
import type { IEnvironmentManager } from '../tokens';
import { ErrorText } from './errortext';
import { ReadState } from './readstate';

export interface IRebuildFormProps {
  manager: Pick<IEnvironmentManager, 'rebuild' | 'rebuilding'>;
  notebook: string;
  filename: string;
  /** Why it is asked once more; null the first time. */
  told: IErrorBody | null;
  /** With the job that was begun, or null. */
  onDone: (job: IJob | null) => void;
  trans: TranslationBundle;
}

/** What a notebook's environment takes, from where, and the question whether to make it. */
export function RebuildForm(props: IRebuildFormProps): JSX.Element {
  const { manager, notebook, filename, trans } = props;
  const [exact, setExact] = useState<boolean | undefined>(undefined);
  const [approve, setApprove] = useState<ReadonlyArray<string>>([]);
  const [build, setBuild] = useState<ReadonlyArray<string>>([]);
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<IRebuilding | null>(null);
  const [failure, setFailure] = useState<IErrorBody | null>(null);
  const [refused, setRefused] = useState<IErrorBody | null>(props.told);
  const [allowed, setAllowed] = useState(false);
  const [sending, setSending] = useState(false);
  const [name, setName] = useState<string | null>(null);

  useEffect(() => {
    const ending = new AbortController();
    setFound(null);
    setFailure(null);
    // A yes to code that runs is for the list below it.
    setAllowed(false);
    manager.rebuilding({ notebook, filename, exact, approve, build }, ending.signal).then(
      value => !ending.signal.aborted && setFound(value),
      error => !ending.signal.aborted && setFailure(bodyOf(error))
    );
    return () => ending.abort();
  }, [manager, notebook, filename, exact, approve, build, attempt]);

  const unknown = (found?.packages ?? []).filter(each => !each.approved);
  const missing = unknown.map(each => each.name);
  const built = unknown.filter(each => each.builds).map(each => each.name);
  const held = built.length > 0 && !allowed;
  const go = async () => {
    if (!found || held) {
      return;
    }
    if (!found.complete) {
      setApprove([...new Set([...approve, ...missing])]);
      setBuild([...new Set([...build, ...built])]);
      return;
    }
    setSending(true);
    setRefused(null);
    try {
      const agreed = { approve: missing, build: [...new Set([...build, ...built])] };
      const wanted = { notebook, filename, exact: found.exact, plan: found.plan, ...agreed };
      props.onDone(await manager.rebuild({ ...wanted, name: name ?? found.name }));
    } catch (error) {
      const body = bodyOf(error);
      setRefused(body);
      setSending(false);
      if (isOtherThanAgreed(body)) {
        setAttempt(attempt + 1);
      }
    }
  };
  return (
    <form
      className="jp-EnvironmentRebuild-form"
      onSubmit={event => {
        event.preventDefault();
        void go();
      }}
    >
      <ReadState
        read={{ value: found, failure }}
        waiting={trans.__('Looking up what the notebook needs…')}
        onRetry={() => setAttempt(attempt + 1)}
        trans={trans}
      />
      {found && (
        <Summary
          found={found}
          name={name ?? found.name}
          onName={setName}
          onExact={setExact}
          trans={trans}
        />
      )}
      {found && built.length > 0 && (
        <label className="jp-Environments-check">
          <input
            type="checkbox"
            checked={allowed}
            onChange={event => setAllowed(event.target.checked)}
          />
          <span>
            {trans.__(
              'Let the code of %1 run here, and install whatever their builds ask for from %2',
              built.join(', '),
              sourcesOf(found).join(', ')
            )}
          </span>
        </label>
      )}
      {refused && <ErrorText error={refused} trans={trans} />}
      <div className="jp-EnvironmentRebuild-actions">
        <button type="button" className="jp-Environments-button" onClick={() => props.onDone(null)}>
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-Environments-button jp-mod-accept"
          disabled={!found || sending || held}
        >
          {label(found, missing.length, trans)}
        </button>
      </div>
    </form>
  );
}

function label(found: IRebuilding | null, missing: number, trans: TranslationBundle): string {
  if (found && !found.complete) {
    return trans.__('Approve and look further');
  }
  return missing > 0 ? trans.__('Approve and rebuild') : trans.__('Rebuild');
}

function Summary(props: {
  found: IRebuilding;
  name: string;
  onName: (name: string) => void;
  onExact: (exact: boolean) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { found, trans } = props;
  const id = useId();
  const unknown = found.packages.filter(each => !each.approved);
  const sources = sourcesOf(found);
  return (
    <>
      <label htmlFor={id}>{trans.__('Name')}</label>
      <input
        id={id}
        className="jp-Environments-input"
        value={props.name}
        spellCheck={false}
        onChange={event => props.onName(event.currentTarget.value)}
      />
      {found.has_lock && (
        <fieldset className="jp-EnvironmentRebuild-choice">
          <legend>{trans.__('Versions')}</legend>
          <Choice checked={found.exact} onPick={() => props.onExact(true)}>
            {trans.__('Just those of the notebook’s lock')}
          </Choice>
          <Choice checked={!found.exact} onPick={() => props.onExact(false)}>
            {trans.__('The newest that fit')}
          </Choice>
        </fieldset>
      )}
      <p>
        {trans._n('%1 package', '%1 packages', found.packages.length)}
        {found.python ? trans.__(' for Python %1', found.python) : ''}
        {sources.length === 1 ? trans.__(', from %1', sources[0]) : ''}.{' '}
        {unknown.length > 0
          ? trans._n(
              '%1 of them you have not approved before.',
              '%1 of them you have not approved before.',
              unknown.length
            )
          : trans.__('You have approved all of them before.')}
      </p>
      {found.packages.some(each => each.builds) && (
        <p>
          {trans.__(
            'Marked ones are built: code of theirs runs on this machine while they are installed.'
          )}
        </p>
      )}
      {!found.declared && (
        <p>
          {trans.__('The notebook does not say what it needs; this is a guess from its cells.')}
        </p>
      )}
      {found.warnings.length > 0 && (
        <ul className="jp-EnvironmentRebuild-warnings">
          {found.warnings.map(text => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <div
        className="jp-EnvironmentRebuild-packages"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Packages')}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Package')}</th>
              <th scope="col">{trans.__('Version')}</th>
              {sources.length > 1 && <th scope="col">{trans.__('From')}</th>}
              <th scope="col">{trans.__('Remarks')}</th>
            </tr>
          </thead>
          <tbody>
            {inOrder(found.packages).map(each => (
              <tr key={each.name} data-suspect={each.meant !== null}>
                <th scope="row">{each.name}</th>
                <td>{each.version}</td>
                {sources.length > 1 && <td>{each.source}</td>}
                <td>{remarks(each, trans)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function sourcesOf(found: IRebuilding): string[] {
  return [...new Set(found.packages.map(each => each.source))];
}

function Choice(props: {
  checked: boolean;
  onPick: () => void;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <label>
      <input type="radio" name="versions" checked={props.checked} onChange={props.onPick} />{' '}
      {props.children}
    </label>
  );
}

/** What deserves a look first: what runs code, names like a slip, then new ones, those of the notebook before what they need. */
function inOrder(packages: ReadonlyArray<IOrigin>): IOrigin[] {
  const rank = (each: IOrigin) =>
    (each.builds ? 0 : 8) + (each.meant ? 0 : 4) + (each.approved ? 2 : 0) + (each.asked ? 0 : 1);
  return [...packages].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function remarks(each: IOrigin, trans: TranslationBundle): string {
  return [
    each.builds ? trans.__('its code runs while it is installed') : '',
    each.meant ? trans.__('did you mean %1?', each.meant) : '',
    each.approved ? '' : trans.__('new to you'),
    each.asked ? '' : trans.__('needed by others')
  ]
    .filter(Boolean)
    .join(', ');
}

function bodyOf(error: unknown): IErrorBody {
  return error instanceof RequestError
    ? error
    : { message: String(error), reason: 'error', hint: null };
}
