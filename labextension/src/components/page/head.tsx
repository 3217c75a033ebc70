import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import React, { useId, useState } from 'react';

import type { IEnvironment, IErrorBody, IFormat } from '../../api/types';
import { nameProblem, suggestName } from '../../model/names';
import { ErrorText } from '../errortext';
import { takeFocus } from '../focus';
import { MenuButton, type IMenuItem } from '../menubutton';
import { details, size, stateText } from '../text';

export interface IHeadProps {
  environment: IEnvironment;
  running: number;
  /** Whether a job changes it now. */
  busy: boolean;
  formats: ReadonlyArray<IFormat> | null;
  takenNames: ReadonlyArray<string>;
  onOpenNotebook: () => Promise<IErrorBody | null>;
  /** Absent where the server has no terminals. */
  onOpenTerminal?: () => Promise<IErrorBody | null>;
  onWantFormats: () => void;
  /** Null when it was done or the job was started, else why not; the same for the rest. */
  onExport: (format: string) => Promise<IErrorBody | null>;
  onRename: (name: string) => Promise<IErrorBody | null>;
  onClone: (name: string) => Promise<IErrorBody | null>;
  onRemove: () => Promise<IErrorBody | null>;
  onRegisterKernel: () => Promise<IErrorBody | null>;
  onUnregisterKernel: () => Promise<IErrorBody | null>;
  onRepair: () => Promise<IErrorBody | null>;
  trans: TranslationBundle;
}

type Asked = 'rename' | 'clone' | 'remove' | null;

/** Name, facts, and what can be done with the whole environment. */
export function Head(props: IHeadProps): JSX.Element {
  const { environment, running, busy, trans } = props;
  const [asked, setAsked] = useState<Asked>(null);
  const [error, setError] = useState<IErrorBody | null>(null);
  const run = (act: () => Promise<IErrorBody | null>) => {
    setError(null);
    void act().then(setError);
  };
  const state = stateText(environment, running, trans);
  const items: IMenuItem[] = menuItems(props, setAsked, run);
  return (
    <header className="jp-EnvironmentPage-head">
      <div className="jp-EnvironmentPage-headLine">
        <div className="jp-EnvironmentPage-title">
          <h1 title={environment.name}>{environment.name}</h1>
          <div className="jp-EnvironmentPage-muted">
            <span
              className="jp-Environments-state"
              data-state={dotOf(environment, running)}
              aria-hidden="true"
            />
            {state}
            {' · '}
            {details(environment, trans)}
          </div>
        </div>
        <div className="jp-EnvironmentPage-buttons">
          <button
            type="button"
            className="jp-Environments-button jp-mod-accept"
            disabled={environment.state === 'broken' || busy}
            onClick={() => run(props.onOpenNotebook)}
          >
            {trans.__('Open notebook')}
          </button>
          {props.onOpenTerminal && (
            <button
              type="button"
              className="jp-Environments-button"
              disabled={environment.state === 'broken'}
              title={trans.__('A terminal with %1 activated', environment.name)}
              onClick={() => run(props.onOpenTerminal!)}
            >
              {trans.__('Terminal')}
            </button>
          )}
          <MenuButton
            label={trans.__('Export')}
            empty={trans.__('Loading…')}
            items={(props.formats ?? [])
              .filter(format => format.exports)
              .map(format => ({
                label: format.title,
                onClick: () => run(() => props.onExport(format.name))
              }))}
            onOpen={props.onWantFormats}
          />
          <MenuButton label={trans.__('More actions')} icon={ellipsesIcon} empty="" items={items} />
        </div>
      </div>
      {error && <ErrorText error={error} trans={trans} />}
      {(asked === 'rename' || asked === 'clone') && (
        <NameForm
          key={asked}
          label={
            asked === 'rename'
              ? trans.__('New name of %1', environment.name)
              : trans.__('Name of the copy of %1', environment.name)
          }
          action={asked === 'rename' ? trans.__('Rename') : trans.__('Copy')}
          first={
            asked === 'rename'
              ? environment.name
              : suggestName(`${environment.name}-copy`, props.takenNames)
          }
          taken={props.takenNames}
          onSubmit={asked === 'rename' ? props.onRename : props.onClone}
          onClose={() => setAsked(null)}
          trans={trans}
        />
      )}
      {asked === 'remove' && (
        <RemoveQuestion
          {...props}
          onRemove={() => {
            setAsked(null);
            run(props.onRemove);
            return Promise.resolve(null);
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </header>
  );
}

function dotOf(environment: IEnvironment, running: number): string {
  if (environment.state !== 'ready') {
    return environment.state;
  }
  return running > 0 ? 'running' : environment.kernels.length > 0 ? 'registered' : 'none';
}

function menuItems(
  props: IHeadProps,
  ask: (asked: Asked) => void,
  run: (act: () => Promise<IErrorBody | null>) => void
): IMenuItem[] {
  const { environment, busy, trans } = props;
  const own = environment.managed && !environment.protected;
  const items: IMenuItem[] = [];
  if (environment.state === 'broken' || environment.problems.some(each => each.repair !== null)) {
    items.push({ label: trans.__('Repair'), disabled: busy, onClick: () => run(props.onRepair) });
  }
  items.push(
    environment.kernels.length > 0
      ? {
          label: trans.__('Do not offer as a kernel'),
          disabled: busy || environment.protected,
          onClick: () => run(props.onUnregisterKernel)
        }
      : {
          label: trans.__('Offer as a kernel'),
          disabled: busy || environment.state === 'broken',
          onClick: () => run(props.onRegisterKernel)
        },
    {
      label: trans.__('Rename…'),
      disabled: busy || !own,
      onClick: () => ask('rename')
    },
    {
      label: trans.__('Copy…'),
      disabled: busy || environment.state === 'broken',
      onClick: () => ask('clone')
    },
    {
      label: trans.__('Remove…'),
      disabled: busy || environment.protected,
      onClick: () => ask('remove')
    }
  );
  return items;
}

interface INameFormProps {
  label: string;
  action: string;
  first: string;
  taken: ReadonlyArray<string>;
  onSubmit: (name: string) => Promise<IErrorBody | null>;
  onClose: () => void;
  trans: TranslationBundle;
}

/** A name in one line, told as it is typed whether it will do. */
function NameForm(props: INameFormProps): JSX.Element {
  const { first, trans } = props;
  const id = useId();
  const [name, setName] = useState(first);
  const [error, setError] = useState<IErrorBody | null>(null);
  const renaming = props.taken.includes(first);
  const problem = nameProblem(
    name,
    // Its own name in another case is free for it.
    renaming ? props.taken.filter(other => other !== first) : props.taken,
    trans
  );
  const unchanged = renaming && name === first;
  return (
    <form
      className="jp-EnvironmentPage-ask"
      aria-label={props.label}
      onSubmit={event => {
        event.preventDefault();
        if (!problem && !unchanged) {
          void props.onSubmit(name).then(refused => {
            setError(refused);
            if (!refused) {
              props.onClose();
            }
          });
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onClose();
        }
      }}
    >
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        ref={takeFocus}
        className="jp-Environments-input"
        value={name}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-note`}
        onChange={event => {
          setName(event.target.value);
          setError(null);
        }}
      />
      <button type="button" className="jp-Environments-button" onClick={props.onClose}>
        {trans.__('Cancel')}
      </button>
      <button
        type="submit"
        className="jp-Environments-button jp-mod-accept"
        disabled={problem !== null || unchanged}
      >
        {props.action}
      </button>
      <div
        id={`${id}-note`}
        className="jp-Environments-note"
        data-state={problem ? 'error' : 'ok'}
        aria-live="polite"
      >
        {problem ?? (unchanged ? '' : trans.__('✓ free'))}
      </div>
      {error && <ErrorText error={error} trans={trans} />}
    </form>
  );
}

function RemoveQuestion(props: IHeadProps & { onClose: () => void }): JSX.Element {
  const { environment, running, trans } = props;
  const question = trans.__('Remove %1?', environment.name);
  return (
    <div
      className="jp-Environments-confirm"
      role="group"
      aria-label={question}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onClose();
        }
      }}
    >
      <div>
        <strong>{question}</strong>{' '}
        {environment.size === null
          ? trans.__('Its packages and its kernel go; notebooks stay.')
          : trans.__(
              'Its packages and its kernel go, which frees %1; notebooks stay.',
              size(environment.size)
            )}
        {running > 0 && (
          <span className="jp-Environments-warning">
            {' '}
            {trans._n(
              '%1 kernel of it is running and will fail.',
              '%1 kernels of it are running and will fail.',
              running
            )}
          </span>
        )}
      </div>
      <div className="jp-Environments-buttons">
        <button
          type="button"
          ref={takeFocus}
          className="jp-Environments-button"
          onClick={props.onClose}
        >
          {trans.__('Keep')}
        </button>
        <button
          type="button"
          className="jp-Environments-button jp-mod-warn"
          onClick={() => void props.onRemove()}
        >
          {running > 0 ? trans.__('Remove anyway') : trans.__('Remove')}
        </button>
      </div>
    </div>
  );
}
