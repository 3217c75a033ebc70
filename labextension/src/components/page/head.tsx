import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import type { IEnvironment, IErrorBody, IExport } from '../../api/types';
import type { Question } from '../../tokens';
import { ErrorText } from '../errortext';
import type { IExportFileProps } from '../exportfile';
import { MenuButton, type IMenuItem } from '../menubutton';
import { EnvironmentQuestion, type IAnswers } from '../question';
import { details, stateText } from '../text';

export interface IHeadProps {
  environment: IEnvironment;
  running: number;
  /** Whether a job changes it now. */
  busy: boolean;
  files: IExportFileProps['files'];
  takenNames: ReadonlyArray<string>;
  onOpenNotebook: () => Promise<IErrorBody | null>;
  /** Absent where the server has no terminals. */
  onOpenTerminal?: () => Promise<IErrorBody | null>;
  onExport: (file: IExport) => void;
  onCopy: (text: string) => void;
  /** Null when it was done or the job was started, else why not; the same for the rest. */
  onRenameKernel: (displayName: string) => Promise<IErrorBody | null>;
  onRename: (name: string) => Promise<IErrorBody | null>;
  onClone: (name: string) => Promise<IErrorBody | null>;
  onRemove: () => Promise<IErrorBody | null>;
  onRegisterKernel: () => Promise<IErrorBody | null>;
  onUnregisterKernel: () => Promise<IErrorBody | null>;
  onRepair: () => Promise<IErrorBody | null>;
  trans: TranslationBundle;
}

/** Name, facts, and what can be done with the whole environment. */
export function Head(props: IHeadProps): JSX.Element {
  const { environment, running, busy, trans } = props;
  const [asked, setAsked] = useState<Question | null>(null);
  const [error, setError] = useState<IErrorBody | null>(null);
  const run = (act: () => Promise<IErrorBody | null>) => {
    setError(null);
    void act().then(setError);
  };
  const answered = (act?: () => Promise<IErrorBody | null>) => {
    setAsked(null);
    if (act) {
      run(act);
    }
  };
  const answers: IAnswers = {
    onKeep: () => answered(),
    onRename: (_, name) => answered(() => props.onRename(name)),
    onDisplayName: (_, name) => answered(() => props.onRenameKernel(name)),
    onClone: (_, name) => answered(() => props.onClone(name)),
    onRemove: () => answered(props.onRemove),
    onExport: (_, file) => {
      answered();
      props.onExport(file);
    }
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
            {environment.python.version
              ? trans.__('Python %1', details(environment, trans))
              : details(environment, trans)}
          </div>
        </div>
        <div className="jp-EnvironmentPage-buttons">
          <button
            type="button"
            className="jp-Environments-button jp-mod-accept"
            disabled={environment.state === 'broken' || busy || !environment.can.kernel}
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
          <button
            type="button"
            className="jp-Environments-button"
            disabled={environment.state === 'broken'}
            aria-expanded={asked === 'export'}
            onClick={() => setAsked(asked === 'export' ? null : 'export')}
          >
            {trans.__('Export…')}
          </button>
          <MenuButton label={trans.__('More actions')} icon={ellipsesIcon} items={items} />
        </div>
      </div>
      {error && <ErrorText error={error} trans={trans} />}
      {asked && (
        <EnvironmentQuestion
          {...answers}
          question={asked}
          environment={environment}
          running={running}
          taken={props.takenNames}
          files={props.files}
          onCopy={props.onCopy}
          trans={trans}
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
  ask: (asked: Question) => void,
  run: (act: () => Promise<IErrorBody | null>) => void
): IMenuItem[] {
  const { environment, busy, trans } = props;
  const { can } = environment;
  const items: IMenuItem[] = [];
  if (environment.state === 'broken' || environment.problems.some(each => each.repair !== null)) {
    items.push({ label: trans.__('Repair'), disabled: busy, onClick: () => run(props.onRepair) });
  }
  items.push(
    environment.kernels.length > 0
      ? {
          label: trans.__('Do not offer as a kernel'),
          disabled: busy || environment.protected || !can.kernel,
          onClick: () => run(props.onUnregisterKernel)
        }
      : {
          label: trans.__('Offer as a kernel'),
          disabled: busy || environment.state === 'broken' || !can.kernel,
          onClick: () => run(props.onRegisterKernel)
        },
    {
      label: trans.__('Rename…'),
      disabled: busy || !can.rename,
      onClick: () => ask('rename')
    },
    {
      label: trans.__('Copy…'),
      disabled: busy || environment.state === 'broken' || !can.clone,
      onClick: () => ask('clone')
    },
    {
      label: trans.__('Remove…'),
      disabled: busy || !can.remove,
      onClick: () => ask('remove')
    }
  );
  return items;
}
