import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon, ellipsesIcon, notebookIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IEnvironment, IErrorBody } from '../api/types';
import type { Question } from '../tokens';
import { ErrorText } from './errortext';
import type { IExportFileProps } from './exportfile';
import { IconButton } from './iconbutton';
import { EnvironmentQuestion, type IAnswers } from './question';
import { details, stateText } from './text';

/** What a row lets one do; each answer comes back through the list. */
export interface IRowActions {
  onOpen: (environment: IEnvironment) => void;
  onOpenNotebook: (environment: IEnvironment) => void;
  onRegisterKernel: (environment: IEnvironment) => void;
  onRepair: (environment: IEnvironment) => void;
  onAskRemove: (environment: IEnvironment) => void;
  /** The menu with all there is to do, at this place of the page. */
  onMenu: (environment: IEnvironment, node: HTMLElement) => void;
  onCopy: (text: string) => void;
}

export interface IRowProps extends IRowActions {
  environment: IEnvironment;
  running: number;
  /** Whether it is the row that Tab reaches. */
  active: boolean;
  question: Question | null;
  answers: IAnswers;
  taken: ReadonlyArray<string>;
  files: IExportFileProps['files'];
  /** Why the last action on it was refused. */
  error: IErrorBody | null;
  trans: TranslationBundle;
}

/** One environment: name, state, facts; its problems in words, with what to do about them. */
export const EnvironmentRow = React.memo(Row);

function Row(props: IRowProps): JSX.Element {
  const { environment, running, active, question, error, trans } = props;
  const tabIndex = active ? 0 : -1;
  const facts = details(environment, trans);
  const state = stateText(environment, running, trans);
  return (
    <div
      className="jp-Environments-row"
      title={tooltip(environment, state, trans)}
      onDoubleClick={event => {
        // Two clicks on a button are two clicks on a button.
        if (!(event.target as HTMLElement).closest('button, form, [role="group"]')) {
          props.onOpen(environment);
        }
      }}
    >
      <div className="jp-Environments-rowHead">
        <span
          className="jp-Environments-state"
          data-state={stateOf(environment, running)}
          role="img"
          aria-label={state}
        />
        <span
          className="jp-Environments-name jp-mod-link"
          onClick={() => props.onOpen(environment)}
        >
          {environment.name}
        </span>
        {running > 0 && (
          <span className="jp-Environments-running" aria-hidden="true">
            ▶ {running}
          </span>
        )}
        {environment.protected && (
          <span
            className="jp-Environments-badge"
            title={trans.__('Jupyter itself, or other tools, run in it.')}
          >
            {trans.__('protected')}
          </span>
        )}
        <span className="jp-Environments-actions">{rowButtons(props, tabIndex)}</span>
      </div>
      <div className="jp-Environments-details">{facts}</div>
      {environment.problems.map(problem => (
        <div
          key={problem.code}
          className="jp-Environments-problem"
          data-severity={problem.severity}
        >
          <span title={problem.message}>{problem.message}</span>
          {problem.repair !== null && (
            <button
              type="button"
              className="jp-Environments-button"
              title={problem.repair}
              aria-label={trans.__('Repair %1: %2', environment.name, problem.repair)}
              tabIndex={tabIndex}
              onClick={() => props.onRepair(environment)}
            >
              {trans.__('Repair')}
            </button>
          )}
        </div>
      ))}
      {error !== null && <ErrorText error={error} trans={trans} />}
      {question !== null && (
        <EnvironmentQuestion
          {...props.answers}
          question={question}
          environment={environment}
          running={running}
          taken={props.taken}
          files={props.files}
          onCopy={props.onCopy}
          trans={trans}
        />
      )}
    </div>
  );
}

function rowButtons(props: IRowProps, tabIndex: number): JSX.Element {
  const { environment, trans } = props;
  const { name } = environment;
  const usable = environment.state === 'ready';
  return (
    <>
      {usable && environment.kernels.length > 0 && (
        <IconButton
          icon={notebookIcon}
          label={trans.__('New notebook with %1', name)}
          tabIndex={tabIndex}
          onClick={() => props.onOpenNotebook(environment)}
        />
      )}
      {usable && environment.can.kernel && environment.kernels.length === 0 && (
        <IconButton
          icon={addIcon}
          label={trans.__('Offer %1 as a kernel', name)}
          tabIndex={tabIndex}
          onClick={() => props.onRegisterKernel(environment)}
        />
      )}
      {environment.can.remove && environment.state !== 'busy' && (
        <IconButton
          icon={closeIcon}
          label={trans.__('Remove %1…', name)}
          tabIndex={tabIndex}
          onClick={() => props.onAskRemove(environment)}
        />
      )}
      <IconButton
        icon={ellipsesIcon}
        label={trans.__('More for %1', name)}
        menu={true}
        tabIndex={tabIndex}
        onClick={node => props.onMenu(environment, node)}
      />
    </>
  );
}

function stateOf(environment: IEnvironment, running: number): string {
  if (environment.state !== 'ready') {
    return environment.state;
  }
  if (running > 0) {
    return 'running';
  }
  return environment.kernels.length > 0 ? 'registered' : 'none';
}

/** What a narrow panel cuts off. */
function tooltip(environment: IEnvironment, state: string, trans: TranslationBundle): string {
  const { name, prefix, python, kernels } = environment;
  const lines = [name, details(environment, trans), state, prefix];
  if (python.version) {
    lines.push(trans.__('Python %1', python.version));
  }
  for (const kernel of kernels) {
    lines.push(trans.__('Kernel: %1', kernel.display_name));
  }
  return lines.join('\n');
}

/** The height of a row before it is measured. */
export function rowHeight(environment: IEnvironment, asking: boolean): number {
  return 44 + 36 * environment.problems.length + (asking ? 90 : 0);
}
