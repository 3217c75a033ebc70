import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import React, { useEffect, useRef, useState } from 'react';

import type { IInterpreter, IManager, IPythonDownload } from '../api/types';
import { downloadOf, offered, pathOf, sortInterpreters } from '../model/pythons';

/** A label, its field, and one line below it that says what is wrong, or what it is for. */
export function Field(props: {
  id: string;
  label: string;
  error?: string | null;
  note?: React.ReactNode;
  children: React.ReactNode;
}): JSX.Element {
  const { id, error } = props;
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      {props.children}
      <div
        id={`${id}-note`}
        className="jp-Environments-note"
        data-state={error ? 'error' : 'ok'}
        aria-live="polite"
      >
        {error ?? props.note}
      </div>
    </>
  );
}

/** A field for one line of text. */
export function TextField(props: {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  disabled?: boolean;
  error?: string | null;
  note?: React.ReactNode;
  /** The id of a list of suggestions. */
  list?: string;
  inputRef?: React.Ref<HTMLInputElement>;
}): JSX.Element {
  const { id, error } = props;
  return (
    <Field id={id} label={props.label} error={error} note={props.note}>
      <input
        id={id}
        ref={props.inputRef}
        className="jp-Environments-input"
        value={props.value}
        placeholder={props.placeholder}
        disabled={props.disabled}
        list={props.list}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={Boolean(error)}
        aria-describedby={`${id}-note`}
        onChange={event => props.onChange(event.target.value)}
      />
    </Field>
  );
}

/** Pythons: the default one at the top, then the usable ones, each newest first, then what can be downloaded. */
export function PythonSelect(props: {
  id: string;
  value: string;
  found: ReadonlyArray<IInterpreter>;
  downloads: ReadonlyArray<IPythonDownload>;
  onChange: (value: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, found, downloads, trans } = props;
  const toDownload = offered(found, downloads);
  const value = downloadOf(props.value, found, downloads)?.version ?? pathOf(props.value, found);
  const isListed =
    value === '' ||
    found.some(each => each.path === value) ||
    toDownload.some(each => each.version === value);
  return (
    <HTMLSelect
      id={id}
      className="jp-Environments-select"
      value={value}
      aria-describedby={`${id}-note`}
      onChange={event => props.onChange(event.target.value)}
    >
      <option value="">{defaultLabel(found, trans)}</option>
      {!isListed && <option value={value}>{value}</option>}
      {sortInterpreters(found).map(interpreter => (
        <option
          key={interpreter.path}
          value={interpreter.path}
          disabled={!interpreter.supported}
          title={interpreter.reason ?? interpreter.path}
        >
          {interpreterLabel(interpreter)}
          {!interpreter.supported && interpreter.reason ? ` – ${interpreter.reason}` : ''}
        </option>
      ))}
      {toDownload.length > 0 && (
        <optgroup label={trans.__('Can be downloaded')}>
          {toDownload.map(({ version }) => (
            <option key={version} value={version}>
              {trans.__('%1 (download)', version)}
            </option>
          ))}
        </optgroup>
      )}
    </HTMLSelect>
  );
}

/** The managers with a line on each; what cannot be used says why. */
export function ManagerChoice(props: {
  id: string;
  value: string;
  found: ReadonlyArray<IManager>;
  error: string | null;
  onChange: (value: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, found, trans } = props;
  const chosen = props.value || found.find(manager => manager.default)?.name;
  return (
    <fieldset className="jp-Environments-choice" aria-describedby={`${id}-note`}>
      <legend>{trans.__('Manager')}</legend>
      {found
        .filter(manager => manager.capabilities.create)
        .map(manager => (
          <label key={manager.name} aria-disabled={!manager.available}>
            <input
              type="radio"
              name={id}
              value={manager.name}
              checked={manager.name === chosen}
              disabled={!manager.available}
              onChange={() => props.onChange(manager.default ? '' : manager.name)}
            />
            <span>
              {manager.title}
              <small>{manager.available ? manager.description : manager.reason}</small>
            </span>
          </label>
        ))}
      <div id={`${id}-note`} className="jp-Environments-note" data-state="error" aria-live="polite">
        {props.error}
      </div>
    </fieldset>
  );
}

export interface ILoaded<T> {
  found: ReadonlyArray<T>;
  error: string | null;
}

/** Asked for once, when `wanted`; without an answer the server's default still works. */
export function useLoaded<T>(
  load: () => Promise<ReadonlyArray<T>>,
  wanted: boolean = true
): ILoaded<T> {
  const [state, setState] = useState<ILoaded<T>>({ found: [], error: null });
  const first = useRef(load);
  useEffect(() => {
    let gone = false;
    if (wanted) {
      first.current().then(
        found => gone || setState({ found, error: null }),
        error => gone || setState({ found: [], error: error.message })
      );
    }
    return () => {
      gone = true;
    };
  }, [wanted]);
  return state;
}

function defaultLabel(found: ReadonlyArray<IInterpreter>, trans: TranslationBundle): string {
  const chosen = found.find(interpreter => interpreter.default);
  return chosen
    ? trans.__('%1 (default)', interpreterLabel(chosen))
    : trans.__('The newest supported');
}

function interpreterLabel(interpreter: IInterpreter): string {
  const { implementation, version, source } = interpreter;
  const prefix = implementation.toLowerCase() === 'cpython' ? '' : `${implementation} `;
  return `${prefix}${version} · ${source}`;
}
