import { PathExt } from '@jupyterlab/coreutils';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useId, useRef, useState } from 'react';

import type { ICreate, IErrorBody, IInterpreter, IManager, IPythonDownload } from '../api/types';
import type { IForm } from '../model/creation';
import {
  emptyDraft,
  fieldOf,
  requestOf,
  settled,
  withInspected,
  withoutImport,
  type DraftField,
  type IDraft
} from '../model/draft';
import type { LookupsBySource } from '../model/lookups';
import { nameProblem, suggestName } from '../model/names';
import { judged } from '../model/packages';
import { downloadOf } from '../model/pythons';
import { channelsToAccept, unaccepted, type ITermsActions } from '../model/terms';
import { ChannelsField } from './channelsfield';
import { ErrorText } from './errortext';
import { takeFocus } from './focus';
import { Field, ManagerChoice, PythonSelect, TextField, useLoaded } from './formfields';
import { ImportField, type IImportFieldProps } from './importfield';
import { notPackagesText, PackagesField, withDraft } from './packagesfield';
import { PythonVersion } from './pythonversion';
import { TermsQuestion } from './terms';
import '../../style/form.css';

export interface INewFormProps extends Omit<IImportFieldProps, 'id'> {
  /** What it starts with. */
  form: IForm;
  taken: ReadonlyArray<string>;
  /** The manager that the user prefers; empty for the server's choice. */
  manager: string;
  lookups: LookupsBySource;
  terms: ITermsActions;
  loadInterpreters: () => Promise<ReadonlyArray<IInterpreter>>;
  loadDownloads: () => Promise<ReadonlyArray<IPythonDownload>>;
  loadManagers: () => Promise<ReadonlyArray<IManager>>;
  /** Null when the job was started, else why the server refused it. */
  onCreate: (request: ICreate, inNotebook: boolean) => Promise<IErrorBody | null>;
  onCancel: () => void;
}

const MORE: ReadonlySet<DraftField | null> = new Set<DraftField | null>([
  'manager',
  'channels',
  'displayName',
  'prefix'
]);

/** The inline form for a new environment; with its defaults one click is enough. */
export function NewForm(props: INewFormProps): JSX.Element {
  const { form, taken, imported, trans } = props;
  const id = useId();
  const [draft, setDraft] = useState<IDraft>(() => ({
    ...emptyDraft(suggestName(form.wish, taken)),
    manager: props.manager,
    packages: withDraft([], form.packages.join('\n'), 'requirement')
  }));
  const [more, setMore] = useState(false);
  const [inNotebook, setInNotebook] = useState(form.useInNotebook);
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<IErrorBody | null>(null);
  /** Channels whose terms the user has to accept before it goes on. */
  const [toAccept, setToAccept] = useState<ReadonlyArray<string>>([]);
  /** Whether the focus comes back to the button that led to the question. */
  const back = useRef(false);
  const interpreters = useLoaded(props.loadInterpreters);
  const downloads = useLoaded(props.loadDownloads);
  const managers = useLoaded(props.loadManagers);
  const takenNow = useRef(taken);

  useEffect(() => {
    takenNow.current = taken;
  });
  useEffect(() => {
    if (imported === null) {
      setDraft(withoutImport);
    } else if (imported.inspected) {
      const { inspected } = imported;
      setDraft(old => withInspected(old, inspected, takenNow.current));
    }
  }, [imported]);

  const change = (fields: Partial<IDraft>) => {
    setDraft(old => ({ ...old, ...fields }));
    setRefusal(null);
    setToAccept([]);
  };
  const refused = fieldOf(refusal);
  const refusedAt = (field: DraftField) => (refused === field ? refusal!.message : null);
  const problem = draft.prefix.trim() ? null : nameProblem(draft.name, taken, trans);
  const can = managerOf(draft.manager, managers.found)?.capabilities;
  const lookups = can?.pip_apart
    ? props.lookups.ofChannels(managerOf(draft.manager, managers.found)!.name, draft.channels)
    : props.lookups.index;
  const download = can?.own_python
    ? null
    : downloadOf(draft.python, interpreters.found, downloads.found);
  const packages = judged(draft.packages, lookups.syntax);
  const invalid = packages.filter(entry => !entry.valid);

  const submit = async () => {
    const whole = settled(draft, lookups.syntax);
    setDraft(whole);
    if (problem || sending || judged(whole.packages, lookups.syntax).some(each => !each.valid)) {
      return;
    }
    setSending(true);
    setRefusal(null);
    // Before the form is gone; what a lock names the server alone knows.
    const asked = can?.channels && !whole.carried.from ? channelsOf(whole) : [];
    const open = await unaccepted(asked, props.terms.read);
    setToAccept(open);
    const request = { ...requestOf(whole), ...(download && { install_python: true }) };
    const error = open.length > 0 ? null : await props.onCreate(request, inNotebook);
    const terms = channelsToAccept(error);
    if (terms.length > 0) {
      setToAccept(terms);
    } else if (error) {
      setRefusal(error);
      setMore(shown => shown || MORE.has(fieldOf(error)));
    }
    if (error || open.length > 0) {
      setSending(false);
    }
  };

  return (
    <form
      className="jp-Environments-form"
      aria-label={trans.__('New environment')}
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onCancel();
        }
      }}
    >
      <TextField
        id={`${id}-name`}
        label={trans.__('Name')}
        inputRef={takeFocus}
        value={draft.prefix.trim() ? PathExt.basename(draft.prefix.trim()) : draft.name}
        disabled={draft.prefix.trim() !== ''}
        error={problem ?? refusedAt('name')}
        note={draft.prefix.trim() ? trans.__('The name of its folder.') : trans.__('✓ free')}
        onChange={name => change({ name, named: true })}
      />
      {can?.own_python ? (
        <PythonVersion
          id={`${id}-python`}
          value={draft.python}
          error={refusedAt('python')}
          lookups={lookups}
          onChange={python => change({ python })}
          trans={trans}
        />
      ) : (
        <Field
          id={`${id}-python`}
          label={trans.__('Python')}
          error={
            refusedAt('python') ??
            (interpreters.error &&
              trans.__('The list of Pythons could not be loaded: %1', interpreters.error))
          }
          note={download && trans.__('uv downloads Python %1 first.', download.version)}
        >
          <PythonSelect
            id={`${id}-python`}
            value={draft.python}
            found={interpreters.found}
            downloads={downloads.found}
            onChange={python => change({ python })}
            trans={trans}
          />
        </Field>
      )}
      <Field
        id={`${id}-packages`}
        label={trans.__('Packages')}
        error={
          invalid.length > 0
            ? notPackagesText(invalid, lookups.syntax, trans)
            : refusedAt('packages')
        }
        note={
          lookups.syntax === 'matchspec'
            ? trans.__('Optional; a pasted list or “conda install” line works too.')
            : trans.__('Optional; a pasted list or “pip install” line works too.')
        }
      >
        <PackagesField
          id={`${id}-packages`}
          entries={packages}
          draft={draft.typed}
          describedBy={`${id}-packages-note`}
          onChange={(packages, typed) => change({ packages, typed })}
          lookups={lookups}
          trans={trans}
        />
      </Field>
      <ImportField {...props} id={`${id}-file`} />

      <button
        type="button"
        className="jp-Environments-more"
        aria-expanded={more}
        onClick={() => setMore(!more)}
      >
        {more ? (
          <caretDownIcon.react tag="span" height="16px" width="16px" />
        ) : (
          <caretRightIcon.react tag="span" height="16px" width="16px" />
        )}
        {trans.__('More')}
      </button>
      {more && (
        <>
          <ManagerChoice
            id={`${id}-manager`}
            value={draft.manager}
            found={managers.found}
            error={refusedAt('manager') ?? managers.error}
            onChange={manager => change(withManager(draft, manager, managers.found))}
            trans={trans}
          />
          {can?.channels && (
            <ChannelsField
              id={`${id}-channels`}
              channels={draft.channels}
              draft={draft.typedChannel}
              error={refusedAt('channels')}
              onChange={(channels, typedChannel) => change({ channels, typedChannel })}
              trans={trans}
            />
          )}
          <TextField
            id={`${id}-display`}
            label={trans.__('Display name')}
            value={draft.displayName}
            placeholder={trans.__('Python (%1)', draft.name)}
            error={refusedAt('displayName')}
            note={trans.__('What it is called where kernels are chosen.')}
            onChange={displayName => change({ displayName })}
          />
          <TextField
            id={`${id}-prefix`}
            label={trans.__('Folder')}
            value={draft.prefix}
            error={refusedAt('prefix')}
            note={trans.__(
              'A whole path, such as a project’s .venv; by default beside your others.'
            )}
            onChange={prefix => change({ prefix })}
          />
        </>
      )}

      {form.notebook && (
        <label className="jp-Environments-check">
          <input
            type="checkbox"
            checked={inNotebook}
            onChange={event => setInNotebook(event.target.checked)}
          />
          <span>{trans.__('Use it in %1', PathExt.basename(form.notebook))}</span>
        </label>
      )}
      {draft.carried.build !== undefined && (
        <label className="jp-Environments-check">
          <input
            type="checkbox"
            checked={draft.carried.build === true}
            onChange={event =>
              change({ carried: { ...draft.carried, build: event.target.checked } })
            }
          />
          <span>
            {trans.__(
              'Let the file’s packages be built, which runs code and brings whatever their builds ask for from %1, and its addresses be used',
              draft.carried.indexes?.length
                ? draft.carried.indexes.join(', ')
                : trans.__('the package index')
            )}
          </span>
        </label>
      )}
      {refusal && refused === null && <ErrorText error={refusal} trans={trans} />}
      {refusal?.hint && refused !== null && (
        <div className="jp-Environments-problem" data-severity="error" role="alert">
          <span>{refusal.hint}</span>
        </div>
      )}
      {toAccept.length > 0 ? (
        <TermsQuestion
          channels={toAccept}
          terms={props.terms}
          onGoOn={() => void submit()}
          onKeep={() => {
            back.current = true;
            setToAccept([]);
          }}
          focus
          trans={trans}
        />
      ) : (
        <div className="jp-Environments-buttons">
          <button type="button" className="jp-Environments-button" onClick={props.onCancel}>
            {trans.__('Cancel')}
          </button>
          <button
            ref={node => {
              if (node && back.current) {
                back.current = false;
                node.focus();
              }
            }}
            type="submit"
            className="jp-Environments-button jp-mod-accept"
            disabled={problem !== null || invalid.length > 0 || sending}
          >
            {trans.__('Create')}
          </button>
        </div>
      )}
    </form>
  );
}

/** The channels that `draft` takes packages from; undefined stands for those of the settings. */
function channelsOf(draft: IDraft): ReadonlyArray<string | undefined> {
  const named = draft.packages.flatMap(({ text }) => /^\s*([^\s[]+)::/.exec(text)?.[1] ?? []);
  return [...(draft.channels.length > 0 ? draft.channels : [undefined]), ...named];
}

/** The chosen one, or by default the server's; undefined while they are not known. */
function managerOf(chosen: string, found: ReadonlyArray<IManager>): IManager | undefined {
  return found.find(known => (chosen ? known.name === chosen : known.default));
}

/** What changes with the manager: who brings a Python of its own takes no path, who has no channels takes none. */
function withManager(
  draft: IDraft,
  manager: string,
  found: ReadonlyArray<IManager>
): Partial<IDraft> {
  const can = managerOf(manager, found)?.capabilities;
  return {
    manager,
    ...(can?.own_python && /[\\/]/.test(draft.python) && { python: '' }),
    ...(!can?.channels && { channels: [], typedChannel: '' })
  };
}
