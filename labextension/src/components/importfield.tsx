import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useRef } from 'react';

import type { IInspected } from '../api/types';
import type { IFile } from '../model/creation';
import type { IImported, IParts } from '../model/draft';
import { folderOf, type IFolder } from '../model/folder';
import { ErrorText } from './errortext';
import { IconButton } from './iconbutton';

export interface IImportFieldProps {
  id: string;
  /** The file that was given last; another object is another file. */
  imported: IImported | null;
  /** Files were chosen, together from one folder. */
  onImport: (files: ReadonlyArray<IFile>) => void;
  /** A folder was chosen. */
  onImportFolder: (folder: IFolder) => void;
  /** Other optional parts of the imported file are wanted. */
  onParts: (parts: IParts) => void;
  /** Nothing of the imported file is wanted. */
  onLeaveOut: () => void;
  trans: TranslationBundle;
}

/** React knows no property for it. */
const OF_FOLDERS = { webkitdirectory: '' };

/** Buttons for files and for a folder, and what was understood of those given last, by button or by drop. */
export function ImportField(props: IImportFieldProps): JSX.Element {
  const { imported, trans } = props;
  const input = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  return (
    <div className="jp-Environments-import">
      <button
        type="button"
        className="jp-Environments-button"
        onClick={() => input.current?.click()}
      >
        {trans.__('Import a file…')}
      </button>
      <button
        type="button"
        className="jp-Environments-button"
        onClick={() => folder.current?.click()}
      >
        {trans.__('Import a folder…')}
      </button>
      <span className="jp-Environments-note">
        {trans.__('or drop requirements, a lock file, a project, its folder or a notebook here.')}
      </span>
      <input
        id={props.id}
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={trans.__('Files to import')}
        onChange={event => {
          const files = Array.from(event.target.files ?? []);
          // The same file can be chosen again after a change.
          event.target.value = '';
          if (files.length > 0) {
            props.onImport(files);
          }
        }}
      />
      <input
        ref={folder}
        {...OF_FOLDERS}
        type="file"
        hidden
        aria-label={trans.__('Folder to import')}
        onChange={event => {
          const files = Array.from(event.target.files ?? []);
          event.target.value = '';
          if (files.length > 0) {
            props.onImportFolder(folderOf(files));
          }
        }}
      />
      {imported && <Imported {...props} imported={imported} />}
    </div>
  );
}

function Imported(props: IImportFieldProps & { imported: IImported }): JSX.Element {
  const { imported, onParts, trans } = props;
  const { filename, inspected, error, parts } = imported;
  // Of a folder the name says which it was, and the file in it what was read.
  const head = filename.endsWith('/')
    ? filename + (inspected?.filename ?? '')
    : inspected?.filename || filename;
  return (
    <section
      className="jp-Environments-imported"
      aria-label={trans.__('Imported from %1', filename)}
    >
      <div className="jp-Environments-importedHead">
        <strong>{head}</strong>
        <IconButton
          icon={closeIcon}
          label={trans.__('Leave out %1', filename)}
          onClick={props.onLeaveOut}
        />
      </div>
      <div role="status">
        {error ? (
          <ErrorText error={error} trans={trans} />
        ) : inspected === null ? (
          trans.__('Reading %1…', filename)
        ) : (
          <ul>
            {understood(inspected, trans).map(line => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </div>
      {inspected && (
        <>
          <Choice
            label={trans.__('Extras')}
            offered={inspected.extras}
            chosen={parts.extras}
            onChange={extras => onParts({ ...parts, extras })}
          />
          <Choice
            label={trans.__('Groups')}
            offered={inspected.groups}
            chosen={parts.groups}
            onChange={groups => onParts({ ...parts, groups })}
          />
          <Choice
            label={trans.__('Also ask')}
            offered={usable(inspected.indexes)}
            chosen={parts.indexes}
            onChange={indexes => onParts({ ...parts, indexes })}
          />
          <Choice
            label={trans.__('Also look for files at')}
            offered={usable(inspected.find_links)}
            chosen={parts.find_links}
            onChange={find_links => onParts({ ...parts, find_links })}
          />
          {inspected.warnings.map(text => (
            <div key={text} className="jp-Environments-problem" data-severity="warning">
              <span>{text}</span>
            </div>
          ))}
        </>
      )}
    </section>
  );
}

/** Addresses that can be taken over: one with a password belongs into the settings of pip or uv. */
function usable(addresses: ReadonlyArray<string> = []): ReadonlyArray<string> {
  return addresses.filter(address => /^https?:\/\//.test(address) && !address.includes('****'));
}

/** Optional parts of a file, each to be ticked. */
function Choice(props: {
  label: string;
  offered: ReadonlyArray<string>;
  chosen: ReadonlyArray<string>;
  onChange: (chosen: ReadonlyArray<string>) => void;
}): JSX.Element | null {
  const { label, offered, chosen } = props;
  if (offered.length === 0) {
    return null;
  }
  return (
    <fieldset className="jp-Environments-parts">
      <legend>{label}</legend>
      {offered.map(part => (
        <label key={part}>
          <input
            type="checkbox"
            checked={chosen.includes(part)}
            onChange={event =>
              props.onChange(
                event.target.checked ? [...chosen, part] : chosen.filter(other => other !== part)
              )
            }
          />
          {part}
        </label>
      ))}
    </fieldset>
  );
}

/** What will be taken from the file, a line each. */
function understood(inspected: IInspected, trans: TranslationBundle): string[] {
  const { summary, create, exact } = inspected;
  const { packages, hashed, constraints, editable } = summary;
  const python = inspected.python ?? inspected.requires_python;
  const pip = create.pip_packages?.length ?? 0;
  return [
    exact
      ? trans._n(
          '%1 package, at its exact version',
          '%1 packages, at their exact versions',
          packages
        )
      : trans._n('%1 package', '%1 packages', packages),
    hashed > 0
      ? trans._n('%1 is compared to its hash', '%1 are compared to their hashes', hashed)
      : '',
    pip > 0 ? trans._n('%1 more from pip', '%1 more from pip', pip) : '',
    editable > 0 ? trans._n('%1 is editable', '%1 are editable', editable) : '',
    constraints > 0 ? trans._n('%1 constraint', '%1 constraints', constraints) : '',
    python ? trans.__('Python %1', python) : '',
    create.channels?.length ? trans.__('Channels: %1', create.channels.join(', ')) : ''
  ].filter(Boolean);
}
