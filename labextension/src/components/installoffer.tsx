import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useId, useRef, useState } from 'react';

import type { IErrorBody, IJob, IProvider } from '../api/types';
import { isPackage } from '../model/packages';
import type { ITermsActions } from '../model/terms';
import { IconButton } from './iconbutton';
import { notPackageText } from './packagesfield';
import { ProgressBar } from './progressbar';
import { jobTitle, progressText } from './jobtext';
import { Refusal } from './terms';

/** Where an offer stands. */
export type OfferState =
  | { kind: 'offer'; error: IErrorBody | null }
  | { kind: 'installing'; job: IJob }
  | {
      kind: 'done';
      name: string;
      /** Packages that were there before in another version: what is loaded of them stays old. */
      changed: ReadonlyArray<string>;
      /** What came about in another way than it was asked for. */
      warnings: ReadonlyArray<string>;
    };

/** Where a package would go; with `pipApart` its manager brings it, or pip what that does not have. */
export interface ITarget {
  id: string;
  name: string;
  pipApart: boolean;
}

/** Another environment that has what is missing, and its kernel. */
export interface IUsable {
  name: string;
  kernel: string;
}

/** So many of them have a button. */
const MOST_USABLE = 3;

export interface IInstallOfferProps {
  module: string;
  /** What brings the module, the most likely first. */
  providers: ReadonlyArray<IProvider>;
  /** Packages of the other modules that the cell lacks; they come along. */
  also?: ReadonlyArray<string>;
  /** What is known of the module besides: why no package is right, or what replaced it. */
  note?: string;
  /** Where it would go; null when nothing can be installed for the kernel of this notebook. */
  environment: ITarget | null;
  state: OfferState;
  /** The environments that the notebook could run in as it is. */
  having: ReadonlyArray<IUsable>;
  /** The notebook is to run with this kernel. */
  onUse: (kernel: string) => void;
  onInstall: (requirement: string) => void;
  /** Asks for the same as the last time. */
  onAgain: () => void;
  terms: ITermsActions;
  onCancel: (job: IJob) => void;
  onRunAgain: () => void;
  /** Another environment is wanted, with these packages. */
  onNewEnvironment: (packages: string[]) => void;
  onDismiss: () => void;
  trans: TranslationBundle;
}

/** Under a cell that failed to import a module: what could be installed, its progress, and what comes then. */
export function InstallOffer(props: IInstallOfferProps): JSX.Element {
  const { state, environment, module, trans } = props;
  const sure = sureOf(props.providers);
  return (
    <div
      className="jp-EnvironmentOffer-box"
      role="group"
      aria-label={trans.__('The module %1 is missing', module)}
    >
      {state.kind === 'installing' ? (
        <Installing job={state.job} onCancel={props.onCancel} trans={trans} />
      ) : state.kind === 'done' ? (
        <Done {...props} state={state} />
      ) : environment ? (
        <Choice {...props} environment={environment} error={state.error} />
      ) : (
        <div className="jp-EnvironmentOffer-row">
          <span className="jp-EnvironmentOffer-text">
            {trans.__(
              'Nothing can be installed into this kernel from here; an environment of your own can have it.'
            )}
          </span>
          <button
            type="button"
            className="jp-Environments-button"
            onClick={() => props.onNewEnvironment(sure ? [sure.name] : [])}
          >
            {sure ? trans.__('New environment with %1…', sure.name) : trans.__('New environment…')}
          </button>
          <Usable {...props} />
        </div>
      )}
      {state.kind !== 'installing' && (
        <IconButton icon={closeIcon} label={trans.__('Dismiss')} onClick={props.onDismiss} />
      )}
    </div>
  );
}

/** The package that brings the module, where that is more than a guess. */
function sureOf(providers: ReadonlyArray<IProvider>): IProvider | undefined {
  return providers[0]?.source === 'guess' ? undefined : providers[0];
}

function Choice(
  props: IInstallOfferProps & {
    environment: ITarget;
    error: IErrorBody | null;
  }
): JSX.Element {
  const { environment, module, providers, error, onInstall, trans } = props;
  const id = useId();
  const [best, ...others] = providers;
  const [open, setOpen] = useState(!best);
  const [typed, setTyped] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef(false);
  useEffect(() => {
    if (asked.current) {
      input.current?.focus();
    }
  }, [open]);
  if (best?.environments.includes(environment.id)) {
    return (
      <span className="jp-EnvironmentOffer-text">
        {trans.__(
          '%1 is in %2, but without the module %3: perhaps another version has it.',
          best.name,
          environment.name,
          module
        )}
      </span>
    );
  }
  const text = typed.trim();
  // What is no match spec, such as an address, goes to pip there.
  const syntax = environment.pipApart ? 'either' : 'requirement';
  const invalid = text !== '' && !isPackage(text, syntax);
  return (
    <div className="jp-EnvironmentOffer-choice">
      <div className="jp-EnvironmentOffer-row">
        {best ? (
          <button
            type="button"
            className={
              best.source === 'guess'
                ? 'jp-Environments-button'
                : 'jp-Environments-button jp-mod-accept'
            }
            onClick={() => onInstall(best.name)}
          >
            {trans.__(
              'Install %1 into %2',
              [best.name, ...(props.also ?? [])].join(', '),
              environment.name
            )}
          </button>
        ) : (
          <span className="jp-EnvironmentOffer-text">
            {trans.__('No package is known that brings %1.', module)}
          </span>
        )}
        {best && (
          <button
            type="button"
            className="jp-Environments-link"
            aria-expanded={open}
            onClick={() => {
              asked.current = !open;
              setOpen(!open);
            }}
          >
            {trans.__('Other…')}
          </button>
        )}
        <Usable {...props} />
        {environment.pipApart && (
          <span className="jp-EnvironmentOffer-note">
            {trans.__('From its channels, or by pip where none of them has it.')}
          </span>
        )}
        {props.note && <span className="jp-EnvironmentOffer-note">{props.note}</span>}
        {best?.source === 'guess' && (
          <span className="jp-EnvironmentOffer-note">
            {trans.__('A guess from the name: if %1 is a file of yours, it is not this.', module)}
          </span>
        )}
      </div>
      {open && (
        <form
          className="jp-EnvironmentOffer-row"
          onSubmit={event => {
            event.preventDefault();
            if (text && !invalid) {
              onInstall(text);
            }
          }}
        >
          {others.map(other => (
            <button
              key={other.name}
              type="button"
              className="jp-Environments-button"
              onClick={() => onInstall(other.name)}
            >
              {trans.__('Install %1', other.name)}
            </button>
          ))}
          <label htmlFor={id}>{trans.__('Package')}</label>
          <input
            id={id}
            ref={input}
            className="jp-Environments-input jp-EnvironmentOffer-input"
            value={typed}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={invalid}
            onChange={event => setTyped(event.target.value)}
          />
          <button
            type="submit"
            className="jp-Environments-button"
            disabled={text === '' || invalid}
          >
            {trans.__('Install into %1', environment.name)}
          </button>
          {invalid && (
            <span className="jp-Environments-note" data-state="error" role="status">
              {notPackageText(syntax, trans)}
            </span>
          )}
        </form>
      )}
      {error && <Refusal error={error} terms={props.terms} onGoOn={props.onAgain} trans={trans} />}
    </div>
  );
}

/** The ways to go on without an installation. */
function Usable({ having, onUse, trans }: IInstallOfferProps): JSX.Element {
  return (
    <>
      {having.slice(0, MOST_USABLE).map(({ name, kernel }) => (
        <button
          key={kernel}
          type="button"
          className="jp-Environments-button"
          title={trans.__('Runs this notebook with the kernel of %1', name)}
          onClick={() => onUse(kernel)}
        >
          {trans.__('Use %1, which has it', name)}
        </button>
      ))}
    </>
  );
}

function Installing(props: {
  job: IJob;
  onCancel: (job: IJob) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { job, trans } = props;
  return (
    <div className="jp-EnvironmentOffer-choice">
      <div className="jp-EnvironmentOffer-row">
        <span className="jp-EnvironmentOffer-text" role="status">
          {jobTitle(job)}{' '}
          <span className="jp-EnvironmentOffer-note">{progressText(job.progress, trans)}</span>
        </span>
        <button
          type="button"
          className="jp-Environments-button"
          onClick={() => props.onCancel(job)}
        >
          {trans.__('Cancel')}
        </button>
      </div>
      <ProgressBar job={job} trans={trans} />
    </div>
  );
}

function Done(
  props: IInstallOfferProps & { state: Extract<OfferState, { kind: 'done' }> }
): JSX.Element {
  const { state, trans } = props;
  const again = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Who installed from here goes on from here; who has gone elsewhere stays there.
    if (document.activeElement === document.body) {
      again.current?.focus();
    }
  }, []);
  return (
    <div className="jp-EnvironmentOffer-row">
      <span className="jp-EnvironmentOffer-text" role="status">
        {trans.__('%1 is installed.', state.name)}
        {state.changed.length > 0 && (
          <>
            {' '}
            {trans.__(
              'Other versions came for: %1. Restart the kernel if it used them.',
              state.changed.join(', ')
            )}
          </>
        )}
        {state.warnings.length > 0 && ` ${state.warnings.join(' ')}`}
      </span>
      <button
        ref={again}
        type="button"
        className="jp-Environments-button jp-mod-accept"
        onClick={props.onRunAgain}
      >
        {trans.__('Run the cell again')}
      </button>
    </div>
  );
}
