import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { IErrorBody, IProblem } from '../../api/types';
import { ErrorText } from '../errortext';
import { ReadState, type IRead } from '../readstate';

export interface IProblemListProps {
  problems: ReadonlyArray<IProblem>;
  busy: boolean;
  onRepair: () => Promise<IErrorBody | null>;
  trans: TranslationBundle;
}

/** What is wrong, and what a repair would do about it. */
export function ProblemList(props: IProblemListProps): JSX.Element | null {
  const { problems, busy, trans } = props;
  const [error, setError] = useState<IErrorBody | null>(null);
  if (problems.length === 0) {
    return null;
  }
  return (
    <>
      {error && <ErrorText error={error} trans={trans} />}
      <ul className="jp-EnvironmentPage-list">
        {problems.map(problem => (
          <li
            key={problem.code}
            className="jp-Environments-problem"
            data-severity={problem.severity}
          >
            <span>
              <strong>{severityText(problem.severity, trans)}</strong> {problem.message}
              {problem.repair !== null && (
                <span className="jp-EnvironmentPage-muted">
                  {' '}
                  {trans.__('A repair would: %1', problem.repair)}
                </span>
              )}
            </span>
            {problem.repair !== null && (
              <button
                type="button"
                className="jp-Environments-button"
                disabled={busy}
                onClick={() => void props.onRepair().then(setError)}
              >
                {trans.__('Repair')}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function severityText(severity: IProblem['severity'], trans: TranslationBundle): string {
  switch (severity) {
    case 'error':
      return trans.__('Error.');
    case 'warning':
      return trans.__('Warning.');
    case 'info':
      return trans.__('Note.');
  }
}

export interface IHealthTabProps extends Omit<IProblemListProps, 'problems'> {
  health: IRead<ReadonlyArray<IProblem>>;
  onRetry: () => void;
}

export function HealthTab(props: IHealthTabProps): JSX.Element {
  const { trans } = props;
  const problems = props.health.value;
  return (
    <div className="jp-EnvironmentPage-scroll">
      <ReadState
        read={props.health}
        waiting={trans.__('Looking for problems…')}
        onRetry={props.onRetry}
        trans={trans}
      />
      {problems && <ProblemList {...props} problems={problems} />}
      {problems?.length === 0 && (
        <div className="jp-Environments-message" role="status">
          <h2>{trans.__('Nothing is wrong')}</h2>
          <p>
            {trans.__(
              'Its Python is there, what its packages need is there, and its kernel can start.'
            )}
          </p>
        </div>
      )}
    </div>
  );
}
