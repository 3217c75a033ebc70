import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import React, { useEffect, useId, useState } from 'react';

import { errorBodyOf } from '../api/request';
import type { IEnvironment, IErrorBody, IExport, IFormat } from '../api/types';
import type { IReads } from '../tokens';
import { ErrorText } from './errortext';
import { takeFocus } from './focus';

export interface IExportFileProps {
  environment: IEnvironment;
  files: Pick<IReads, 'formats' | 'exportAs'>;
  onSave: (file: IExport) => void;
  onCopy: (text: string) => void;
  onClose: () => void;
  trans: TranslationBundle;
}

/** The environment as a file: a format to choose, what is in it, and ways to take it along. */
export function ExportFile(props: IExportFileProps): JSX.Element {
  const { environment, files, trans } = props;
  const id = useId();
  const [formats, setFormats] = useState<ReadonlyArray<IFormat>>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [file, setFile] = useState<IExport | null>(null);
  const [error, setError] = useState<IErrorBody | null>(null);
  const [copied, setCopied] = useState(false);

  const usual = environment.kind === 'conda' ? 'environment.yml' : 'requirements.txt';

  useEffect(() => {
    let gone = false;
    files.formats().then(
      all => {
        if (!gone) {
          const written = all.filter(format => format.exports);
          setFormats(written);
          setChosen((written.find(({ name }) => name === usual) ?? written[0])?.name ?? null);
        }
      },
      reason => gone || setError(errorBodyOf(reason))
    );
    return () => {
      gone = true;
    };
  }, [files, usual]);
  useEffect(() => {
    let gone = false;
    setFile(null);
    setCopied(false);
    if (chosen !== null) {
      setError(null);
      files.exportAs(environment.id, chosen).then(
        found => gone || setFile(found),
        reason => gone || setError(errorBodyOf(reason))
      );
    }
    return () => {
      gone = true;
    };
    // A change of the environment is another file.
  }, [files, environment.id, environment.revision, chosen]);

  return (
    <>
      <label htmlFor={id}>{trans.__('Save %1 as a file', environment.name)}</label>
      <HTMLSelect
        className="jp-Environments-select"
        id={id}
        value={chosen ?? ''}
        disabled={formats.length === 0}
        onChange={event => setChosen(event.target.value)}
      >
        {formats.map(format => (
          <option key={format.name} value={format.name}>
            {format.title}
          </option>
        ))}
      </HTMLSelect>
      {error && <ErrorText error={error} trans={trans} />}
      {file?.text && (
        <pre
          className="jp-Environments-log"
          tabIndex={0}
          role="region"
          aria-label={trans.__('Content of %1', file.filename)}
        >
          {file.text}
        </pre>
      )}
      {!file && !error && (
        <div className="jp-Environments-note jp-mod-late" role="status">
          {trans.__('Reading what is installed…')}
        </div>
      )}
      <div className="jp-Environments-buttons">
        <span className="jp-Environments-note" role="status">
          {copied && trans.__('Copied')}
        </span>
        <button
          type="button"
          ref={takeFocus}
          className="jp-Environments-button"
          onClick={props.onClose}
        >
          {trans.__('Close')}
        </button>
        <button
          type="button"
          className="jp-Environments-button"
          disabled={!file?.text}
          onClick={() => {
            props.onCopy(file!.text);
            setCopied(true);
          }}
        >
          {trans.__('Copy')}
        </button>
        <button
          type="button"
          className="jp-Environments-button jp-mod-accept"
          disabled={!file}
          title={file?.filename}
          onClick={() => props.onSave(file!)}
        >
          {trans.__('Download')}
        </button>
      </div>
    </>
  );
}
