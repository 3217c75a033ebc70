import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId, useState } from 'react';

import type { IEnvironment, IExport } from '../api/types';
import { nameProblem, suggestName } from '../model/names';
import type { Question } from '../tokens';
import { Asked, Confirmation } from './confirmation';
import { deferred } from './deferred';
import type { IExportFileProps } from './exportfile';
import { takeFocus } from './focus';
import { size } from './size';

/** What a question may lead to; each with the environment that it was asked about. */
export interface IAnswers {
  onRemove: (environment: IEnvironment) => void;
  onRename: (environment: IEnvironment, name: string) => void;
  onDisplayName: (environment: IEnvironment, displayName: string) => void;
  onClone: (environment: IEnvironment, name: string) => void;
  onExport: (environment: IEnvironment, file: IExport) => void;
  /** Nothing is to be done. */
  onKeep: (environment: IEnvironment) => void;
}

export interface IEnvironmentQuestionProps extends IAnswers {
  question: Question;
  environment: IEnvironment;
  running: number;
  /** Names in use. */
  taken: ReadonlyArray<string>;
  files: IExportFileProps['files'];
  onCopy: (text: string) => void;
  trans: TranslationBundle;
}

const ExportFile = deferred(async () => (await import('./exportfile')).ExportFile);

/** A question where the environment stands; the focus goes to its safest answer, Escape takes it back. */
export function EnvironmentQuestion(props: IEnvironmentQuestionProps): JSX.Element {
  const { environment, taken, trans } = props;
  switch (props.question) {
    case 'remove':
      return <ConfirmRemoval {...props} />;
    case 'export':
      return (
        <Asked
          title={trans.__('Save %1 as a file', environment.name)}
          onKeep={() => props.onKeep(environment)}
        >
          <ExportFile
            {...props}
            onSave={file => props.onExport(environment, file)}
            onClose={() => props.onKeep(environment)}
          />
        </Asked>
      );
    case 'rename':
      return (
        <TextQuestion
          key="rename"
          title={trans.__('New name of %1', environment.name)}
          start={environment.name}
          problemOf={name =>
            nameProblem(
              name,
              // Its own name in another case is free for it.
              taken.filter(other => other !== environment.name),
              trans
            )
          }
          action={trans.__('Rename')}
          onAnswer={name => props.onRename(environment, name)}
          onKeep={() => props.onKeep(environment)}
          trans={trans}
        />
      );
    case 'clone':
      return (
        <TextQuestion
          key="clone"
          title={trans.__('Name of the copy of %1', environment.name)}
          start={suggestName(environment.name, [...taken, environment.name])}
          startIsNew
          problemOf={name => nameProblem(name, taken, trans)}
          action={trans.__('Copy')}
          onAnswer={name => props.onClone(environment, name)}
          onKeep={() => props.onKeep(environment)}
          trans={trans}
        />
      );
    case 'display-name':
      return (
        <KernelNameQuestion
          key="display-name"
          environment={environment}
          onAnswer={name => props.onDisplayName(environment, name)}
          onKeep={() => props.onKeep(environment)}
          trans={trans}
        />
      );
  }
}

/** The name of an environment's kernel in launcher and pickers. */
export function KernelNameQuestion(props: {
  environment: IEnvironment;
  onAnswer: (displayName: string) => void;
  onKeep: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, trans } = props;
  return (
    <TextQuestion
      title={trans.__('How %1 is called where kernels are chosen', environment.name)}
      start={environment.kernels[0]?.display_name ?? environment.name}
      problemOf={name =>
        name.trim() === ''
          ? trans.__('Give the kernel a name.')
          : name.length > 100
            ? trans.__('At most 100 characters.')
            : null
      }
      action={trans.__('Save')}
      onAnswer={name => props.onAnswer(name.trim())}
      onKeep={props.onKeep}
      trans={trans}
    />
  );
}

function ConfirmRemoval(props: IEnvironmentQuestionProps): JSX.Element {
  const { environment, running, trans } = props;
  const question = trans.__('Remove %1?', environment.name);
  return (
    <Confirmation
      title={question}
      action={running > 0 ? trans.__('Remove anyway') : trans.__('Remove')}
      warn
      onAct={() => props.onRemove(environment)}
      onKeep={() => props.onKeep(environment)}
      trans={trans}
    >
      {whatGoes(environment, trans)}
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
    </Confirmation>
  );
}

function whatGoes(environment: IEnvironment, trans: TranslationBundle): string {
  const { package_count: count, size: bytes } = environment;
  const packages =
    count === null
      ? trans.__('Its packages and its kernel go; notebooks stay.')
      : trans._n(
          'Its %1 package and its kernel go; notebooks stay.',
          'Its %1 packages and its kernel go; notebooks stay.',
          count
        );
  return bytes === null ? packages : `${packages} ${trans.__('This frees %1.', size(bytes))}`;
}

function TextQuestion(props: {
  title: string;
  start: string;
  /** Whether `start` is an answer already. */
  startIsNew?: boolean;
  problemOf: (text: string) => string | null;
  action: string;
  onAnswer: (text: string) => void;
  onKeep: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { title, start, onKeep, trans } = props;
  const id = useId();
  const [text, setText] = useState(start);
  const problem = props.problemOf(text);
  const same = !props.startIsNew && text === start;
  return (
    <Asked title={title} onKeep={onKeep}>
      <form
        onSubmit={event => {
          event.preventDefault();
          if (same) {
            onKeep();
          } else if (problem === null) {
            props.onAnswer(text);
          }
        }}
      >
        <label htmlFor={id}>{title}</label>
        <input
          id={id}
          ref={takeFocus}
          className="jp-Environments-input"
          value={text}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-note`}
          onChange={event => setText(event.target.value)}
        />
        <div
          id={`${id}-note`}
          className="jp-Environments-note"
          data-state="error"
          aria-live="polite"
        >
          {problem}
        </div>
        <div className="jp-Environments-buttons">
          <button type="button" className="jp-Environments-button" onClick={onKeep}>
            {trans.__('Cancel')}
          </button>
          <button
            type="submit"
            className="jp-Environments-button jp-mod-accept"
            disabled={problem !== null || same}
          >
            {props.action}
          </button>
        </div>
      </form>
    </Asked>
  );
}
