import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, editIcon, HTMLSelect } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import type { IActivation, IEnvironment, IErrorBody } from '../../api/types';
import { ErrorText } from '../errortext';
import { IconButton } from '../iconbutton';
import { KernelNameQuestion } from '../question';
import { size } from '../size';
import { installationText } from '../text';
import { ProblemList } from './health';

export interface IOverviewProps {
  environment: IEnvironment;
  running: number;
  busy: boolean;
  /** Null before the first answer. */
  activation: IActivation | null;
  onCopy: (text: string) => void;
  onRegisterKernel: () => Promise<IErrorBody | null>;
  onRenameKernel: (displayName: string) => Promise<IErrorBody | null>;
  onRepair: () => Promise<IErrorBody | null>;
  trans: TranslationBundle;
}

/** The facts of an environment. */
export function Overview(props: IOverviewProps): JSX.Element {
  const { environment, busy, trans } = props;
  const { python, kernels, prefix } = environment;
  const [naming, setNaming] = useState(false);
  const [error, setError] = useState<IErrorBody | null>(null);
  const version = [python.implementation, python.version].filter(Boolean).join(' ');
  return (
    <div className="jp-EnvironmentPage-scroll">
      <ProblemList {...props} problems={environment.problems} />
      {error && <ErrorText error={error} trans={trans} />}
      <dl className="jp-EnvironmentPage-facts">
        <dt>{trans.__('Folder')}</dt>
        <dd>
          <Copyable text={prefix} label={trans.__('Copy the folder')} onCopy={props.onCopy} />
        </dd>
        <dt>{trans.__('Python')}</dt>
        <dd>{version || trans.__('not known')}</dd>
        <dt>{trans.__('Interpreter')}</dt>
        <dd>
          <Copyable
            text={python.path}
            label={trans.__('Copy the path of the interpreter')}
            onCopy={props.onCopy}
          />
        </dd>
        {python.base && (
          <>
            <dt>{trans.__('Made from')}</dt>
            <dd>
              <code>{python.base}</code>
            </dd>
          </>
        )}
        <dt>{trans.__('Manager')}</dt>
        <dd>
          {environment.tool
            ? trans.__('%1, made by %2', environment.manager, environment.tool)
            : environment.manager}
        </dd>
        {environment.installation && (
          <>
            <dt>{trans.__('Installation')}</dt>
            <dd>{installationText(environment.installation)}</dd>
          </>
        )}
        {environment.project && (
          <>
            <dt>{trans.__('Project')}</dt>
            <dd>
              <code>{environment.project}</code>
            </dd>
          </>
        )}
        <dt>{kernels.length > 1 ? trans.__('Kernels') : trans.__('Kernel')}</dt>
        <dd>
          {kernels.map(kernel => (
            <div key={kernel.name} className="jp-EnvironmentPage-copyable">
              <span title={kernel.name}>{kernel.display_name}</span>
              {!environment.protected && (
                <IconButton
                  icon={editIcon}
                  label={trans.__('Rename the kernel %1', kernel.display_name)}
                  disabled={busy}
                  onClick={() => setNaming(true)}
                />
              )}
            </div>
          ))}
          {naming && (
            <KernelNameQuestion
              environment={environment}
              onAnswer={name => {
                setNaming(false);
                void props.onRenameKernel(name).then(setError);
              }}
              onKeep={() => setNaming(false)}
              trans={trans}
            />
          )}
          {kernels.length === 0 && (
            <>
              {trans.__('Not offered to notebooks.')}{' '}
              <button
                type="button"
                className="jp-Environments-link"
                disabled={busy || environment.state === 'broken' || !environment.can.kernel}
                onClick={() => void props.onRegisterKernel().then(setError)}
              >
                {trans.__('Offer as a kernel')}
              </button>
            </>
          )}
          {props.running > 0 && (
            <div className="jp-EnvironmentPage-muted">
              {trans._n('%1 kernel running', '%1 kernels running', props.running)}
            </div>
          )}
        </dd>
        <dt>{trans.__('Size')}</dt>
        <dd>{environment.size === null ? trans.__('not measured yet') : size(environment.size)}</dd>
        <dt>{trans.__('Packages')}</dt>
        <dd>{environment.package_count ?? trans.__('not known')}</dd>
        <dt>{trans.__('Created')}</dt>
        <dd>{dateOf(environment.created, trans)}</dd>
        <dt>{trans.__('Changed')}</dt>
        <dd>{dateOf(environment.modified, trans)}</dd>
        <dt>{trans.__('Activate')}</dt>
        <dd>
          <Activation {...props} />
        </dd>
      </dl>
    </div>
  );
}

function dateOf(time: string | null, trans: TranslationBundle): React.ReactNode {
  return time === null ? (
    trans.__('not known')
  ) : (
    <time dateTime={time} title={Time.format(time)}>
      {Time.formatHuman(time)}
    </time>
  );
}

function Copyable(props: {
  text: string;
  label: string;
  onCopy: (text: string) => void;
}): JSX.Element {
  return (
    <span className="jp-EnvironmentPage-copyable">
      <code>{props.text}</code>
      <IconButton icon={copyIcon} label={props.label} onClick={() => props.onCopy(props.text)} />
    </span>
  );
}

/** The command that activates the environment, in the shell of the user's choice. */
function Activation(props: IOverviewProps): JSX.Element {
  const { activation, trans } = props;
  const [shell, setShell] = useState<string | null>(null);
  const lines = activation?.lines ?? [];
  const chosen = lines.find(line => line.shell === (shell ?? activation?.shell)) ?? lines[0];
  if (!chosen) {
    return <>…</>;
  }
  return (
    <span className="jp-EnvironmentPage-activate">
      <HTMLSelect
        className="jp-Environments-select"
        aria-label={trans.__('Shell')}
        value={chosen.shell}
        onChange={event => setShell(event.target.value)}
      >
        {lines.map(line => (
          <option key={line.shell} value={line.shell}>
            {SHELL_NAMES[line.shell] ?? line.shell}
          </option>
        ))}
      </HTMLSelect>
      <Copyable
        text={chosen.command}
        label={trans.__('Copy the activation command')}
        onCopy={props.onCopy}
      />
    </span>
  );
}

/** Names of programs, the same in every language. */
const SHELL_NAMES: { [shell: string]: string } = {
  sh: 'bash, zsh',
  powershell: 'PowerShell',
  cmd: 'cmd'
};
