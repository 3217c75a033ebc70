import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IErrorBody, IProject } from '../api/types';
import { ErrorText } from './errortext';

export interface IProjectRowProps {
  project: IProject;
  /** Whether it is the row that Tab reaches. */
  active: boolean;
  /** Why it could not be made a kernel. */
  error: IErrorBody | null;
  /** With `lock` its lock file is brought up to date first. */
  onMake: (project: IProject, lock: boolean) => void;
  trans: TranslationBundle;
}

/** What the server calls a lock file that does not fit what the project asks for. */
const STALE = 'lock_outdated';

/** A project whose environment is not made yet, and the way to make it. */
export function ProjectRow(props: IProjectRowProps): JSX.Element {
  const { project, error, trans } = props;
  const tabIndex = props.active ? 0 : -1;
  return (
    <div className="jp-Environments-row" title={project.path}>
      <div className="jp-Environments-rowHead">
        <span className="jp-Environments-state" data-state="none" aria-hidden="true" />
        <span className="jp-Environments-name">{project.name}</span>
        <button
          type="button"
          className="jp-Environments-button"
          tabIndex={tabIndex}
          disabled={!project.available}
          aria-label={trans.__('Make %1 a kernel', project.name)}
          onClick={() => props.onMake(project, false)}
        >
          {trans.__('Make it a kernel')}
        </button>
      </div>
      <div className="jp-Environments-details">{projectText(project, trans)}</div>
      {project.reason && (
        <div className="jp-Environments-problem" data-severity="warning">
          <span>{project.reason}</span>
        </div>
      )}
      {error && (
        <ErrorText error={error} trans={trans}>
          {error.reason === STALE && (
            <button
              type="button"
              className="jp-Environments-button"
              tabIndex={tabIndex}
              onClick={() => props.onMake(project, true)}
            >
              {trans.__('Update %1 and make it', project.lock)}
            </button>
          )}
        </ErrorText>
      )}
    </div>
  );
}

/** What keeps it, and how far it is. */
export function projectText(project: IProject, trans: TranslationBundle): string {
  const { manager, lock, locked, current, python } = project;
  const state = !locked
    ? trans.__('%1 is not there yet', lock)
    : current === false
      ? trans.__('%1 is out of date', lock)
      : lock;
  return [python, manager, state, trans.__('not made yet')].filter(Boolean).join(' · ');
}
