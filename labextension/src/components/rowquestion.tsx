import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import React, { useEffect, useId, useRef, useState } from 'react';

import type { IEnvironment, IFormat } from '../api/types';
import { nameProblem, suggestName } from '../model/names';
import type { Question } from '../tokens';
import { takeFocus } from './focus';
import { size } from './text';

/** What a question may lead to; each with the environment that it was asked about. */
export interface IAnswers {
  onRemove: (environment: IEnvironment) => void;
  onRename: (environment: IEnvironment, name: string) => void;
  onDisplayName: (environment: IEnvironment, displayName: string) => void;
  onClone: (environment: IEnvironment, name: string) => void;
  onExport: (environment: IEnvironment, format: string) => void;
  /** Nothing is to be done. */
  onKeep: (environment: IEnvironment) => void;
}

export interface IRowQuestionProps extends IAnswers {
  question: Question;
  environment: IEnvironment;
  running: number;
  /** Names in use. */
  taken: ReadonlyArray<string>;
  loadFormats: () => Promise<ReadonlyArray<IFormat>>;
  trans: TranslationBundle;
}

/** A question within the row; the focus goes to its safest answer, Escape takes it back. */
export function RowQuestion(props: IRowQuestionProps): JSX.Element {
  const { environment, taken, trans } = props;
  switch (props.question) {
    case 'remove':
      return <ConfirmRemoval {...props} />;
    case 'export':
      return <ExportQuestion {...props} />;
    case 'rename':
      return (
        <TextQuestion
          {...props}
          key="rename"
          title={trans.__('New name of %1', environment.name)}
          start={environment.name}
          problemOf={name =>
            nameProblem(
              name,
              taken.filter(other => other !== environment.name),
              trans
            )
          }
          action={trans.__('Rename')}
          onAnswer={name => props.onRename(environment, name)}
        />
      );
    case 'clone':
      return (
        <TextQuestion
          {...props}
          key="clone"
          title={trans.__('Name of the copy of %1', environment.name)}
          start={suggestName(environment.name, [...taken, environment.name])}
          problemOf={name => nameProblem(name, taken, trans)}
          action={trans.__('Copy')}
          onAnswer={name => props.onClone(environment, name)}
        />
      );
    case 'display-name':
      return (
        <TextQuestion
          {...props}
          key="display-name"
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
          onAnswer={name => props.onDisplayName(environment, name.trim())}
        />
      );
  }
}

/** The frame of all of them. */
function Asked(
  props: Pick<IRowQuestionProps, 'environment' | 'onKeep'> & {
    title: string;
    children: React.ReactNode;
  }
): JSX.Element {
  return (
    <div
      className="jp-Environments-confirm"
      role="group"
      aria-label={props.title}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onKeep(props.environment);
        }
      }}
    >
      {props.children}
    </div>
  );
}

function ConfirmRemoval(props: IRowQuestionProps): JSX.Element {
  const { environment, running, trans } = props;
  const question = trans.__('Remove %1?', environment.name);
  return (
    <Asked title={question} environment={environment} onKeep={props.onKeep}>
      <div>
        <strong>{question}</strong> {whatGoes(environment, trans)}
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
          onClick={() => props.onKeep(environment)}
        >
          {trans.__('Keep')}
        </button>
        <button
          type="button"
          className="jp-Environments-button jp-mod-warn"
          onClick={() => props.onRemove(environment)}
        >
          {running > 0 ? trans.__('Remove anyway') : trans.__('Remove')}
        </button>
      </div>
    </Asked>
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

function TextQuestion(
  props: IRowQuestionProps & {
    title: string;
    start: string;
    problemOf: (text: string) => string | null;
    action: string;
    onAnswer: (text: string) => void;
  }
): JSX.Element {
  const { environment, title, start, trans } = props;
  const id = useId();
  const [text, setText] = useState(start);
  const problem = props.problemOf(text);
  const same = props.question !== 'clone' && text === start;
  return (
    <Asked title={title} environment={environment} onKeep={props.onKeep}>
      <form
        onSubmit={event => {
          event.preventDefault();
          if (same) {
            props.onKeep(environment);
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
          <button
            type="button"
            className="jp-Environments-button"
            onClick={() => props.onKeep(environment)}
          >
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

function ExportQuestion(props: IRowQuestionProps): JSX.Element {
  const { environment, loadFormats, trans } = props;
  const id = useId();
  const [formats, setFormats] = useState<ReadonlyArray<IFormat> | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [chosen, setChosen] = useState('');
  const first = useRef(loadFormats);
  useEffect(() => {
    let gone = false;
    first.current().then(
      all => {
        const found = all.filter(format => format.exports);
        if (!gone) {
          setFormats(found);
          setChosen(found[0]?.name ?? '');
        }
      },
      reason => gone || setError(reason.message)
    );
    return () => {
      gone = true;
    };
  }, []);
  const title = trans.__('Save %1 as a file', environment.name);
  return (
    <Asked title={title} environment={environment} onKeep={props.onKeep}>
      <form
        onSubmit={event => {
          event.preventDefault();
          props.onExport(environment, chosen);
        }}
      >
        <label htmlFor={id}>{title}</label>
        <HTMLSelect id={id} value={chosen} onChange={event => setChosen(event.target.value)}>
          {(formats ?? []).map(format => (
            <option key={format.name} value={format.name}>
              {format.title}
            </option>
          ))}
        </HTMLSelect>
        <div className="jp-Environments-note" data-state="error" aria-live="polite">
          {error}
        </div>
        <div className="jp-Environments-buttons">
          <button
            type="button"
            ref={takeFocus}
            className="jp-Environments-button"
            onClick={() => props.onKeep(environment)}
          >
            {trans.__('Cancel')}
          </button>
          <button type="submit" className="jp-Environments-button jp-mod-accept" disabled={!chosen}>
            {trans.__('Download')}
          </button>
        </div>
      </form>
    </Asked>
  );
}
