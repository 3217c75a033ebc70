import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';

import type { ILookups } from '../model/lookups';
import {
  importedModules,
  isPackage,
  parsePackages,
  type IPackageEntry,
  type PackageSyntax
} from '../model/packages';
import { newestOf, writtenName } from '../model/requirements';
import { EntryChip } from './entrychip';
import { SuggestionList, useChecks, useSuggestions, type Check } from './suggestions';

export interface IPackagesFieldProps {
  id: string;
  entries: ReadonlyArray<IPackageEntry>;
  /** What is typed and not an entry yet. */
  draft: string;
  /** The id of a text that describes the field. */
  describedBy: string;
  onChange: (entries: ReadonlyArray<IPackageEntry>, draft: string) => void;
  lookups: ILookups;
  /** How packages may be written; by default as the look-ups take them. */
  syntax?: PackageSyntax;
  trans: TranslationBundle;
}

/**
 * Requirements, or match specs where the look-ups say so, as chips; Enter or a blank makes one, a pasted list, command or import many.
 * Names are suggested, and the index is asked about each entry.
 */
export function PackagesField(props: IPackagesFieldProps): JSX.Element {
  const { id, entries, draft, onChange, lookups, trans } = props;
  const syntax = props.syntax ?? lookups.syntax;
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(entries);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [unread, setUnread] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const suggestions = useSuggestions(lookups, open ? draft.trim() : '', trans);
  const checks = useChecks(
    lookups,
    entries.filter(entry => entry.valid).map(entry => entry.text)
  );
  const placeholder =
    syntax !== 'requirement' ? trans.__('numpy pandas=2 …') : trans.__('numpy pandas>=2 …');
  const shown = open && suggestions.length > 0;
  const at = Math.min(active, suggestions.length - 1);

  useEffect(() => {
    latest.current = entries;
  });

  const commit = (text: string) => {
    setOpen(false);
    setActive(-1);
    setUnread(null);
    setSaid(null);
    if (syntax === 'requirement' && lookups.commands && isCommand(text)) {
      onChange(entries, '');
      const take = (found: string) => onChange(withDraft(latest.current, found, syntax), '');
      lookups.commands(text).then(
        ({ packages, warnings }) => {
          take(packages.join('\n'));
          setSaid(warnings.join(' ') || null);
        },
        // Without the server's answer the field's own reader has to do.
        () => take(text)
      );
      return;
    }
    const lines = text.split(/\r?\n/);
    const modules = lines.flatMap(line => importedModules(line) ?? []);
    if (modules.length === 0) {
      onChange(withDraft(entries, text, syntax), '');
      return;
    }
    const rest = lines.filter(line => importedModules(line) === null).join('\n');
    onChange(withDraft(entries, rest, syntax), '');
    const take = (found: string) => onChange(withDraft(latest.current, found, syntax), '');
    lookups.distributions(modules).then(
      names => {
        take(names.join('\n'));
        if (names.length === 0) {
          setUnread(modules.join(', '));
        }
      },
      // The modules' own names are the best guess without the server's.
      () => take(modules.join('\n'))
    );
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (press(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** Whether the key meant something here. */
  const press = (key: string): boolean => {
    if ((key === 'ArrowDown' || key === 'ArrowUp') && suggestions.length > 0) {
      const count = suggestions.length;
      setActive(key === 'ArrowDown' ? (at + 1) % count : (Math.max(at, 0) + count - 1) % count);
      return true;
    }
    if (key === 'Escape' && shown) {
      setOpen(false);
      return true;
    }
    if (key === 'Enter' && shown && at >= 0) {
      commit(suggestions[at].text);
      return true;
    }
    if (draft && (key === 'Enter' || (key === ' ' && isComplete(draft)))) {
      commit(draft);
      return true;
    }
    if (!draft && key === 'Backspace' && entries.length > 0) {
      onChange(entries.slice(0, -1), entries[entries.length - 1].text);
      return true;
    }
    return false;
  };

  const onPaste = (event: React.ClipboardEvent) => {
    const text = event.clipboardData.getData('text');
    if (/\s/.test(text.trim())) {
      event.preventDefault();
      commit(`${draft}${text}`);
    }
  };

  return (
    <div className="jp-Environments-packagesField">
      <div className="jp-Environments-chips" onClick={() => input.current?.focus()}>
        {entries.map((entry, index) => (
          <Chip
            key={entry.text}
            entry={entry}
            check={checks.get(writtenName(entry.text) ?? '')}
            syntax={syntax}
            onLeaveOut={() => {
              onChange([...entries.slice(0, index), ...entries.slice(index + 1)], draft);
              input.current?.focus();
            }}
            trans={trans}
          />
        ))}
        <input
          id={id}
          ref={input}
          value={draft}
          autoComplete="off"
          spellCheck={false}
          aria-describedby={props.describedBy}
          aria-invalid={isWrong(draft, syntax)}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={shown}
          aria-controls={shown ? `${id}-list` : undefined}
          aria-activedescendant={shown && at >= 0 ? `${id}-list-${at}` : undefined}
          placeholder={entries.length === 0 ? placeholder : undefined}
          onChange={event => {
            setOpen(true);
            setActive(-1);
            setUnread(null);
            onChange(entries, event.target.value);
          }}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
      </div>
      {shown && (
        <SuggestionList
          id={`${id}-list`}
          suggestions={suggestions}
          active={at}
          onPick={suggestion => commit(suggestion.text)}
          trans={trans}
        />
      )}
      {said !== null && (
        <div className="jp-Environments-note" role="status">
          {said}
        </div>
      )}
      {unread !== null && (
        <div className="jp-Environments-note" role="status">
          {trans.__('No package is needed, or known, for %1.', unread)}
        </div>
      )}
    </div>
  );
}

function Chip(props: {
  entry: IPackageEntry;
  check: Check;
  syntax: PackageSyntax;
  onLeaveOut: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { entry, check, trans } = props;
  const missing = entry.valid && check === 'missing';
  const text = !entry.valid
    ? notPackageText(props.syntax, trans)
    : missing
      ? {
          requirement: trans.__('The index has no package of this name.'),
          matchspec: trans.__('No channel has a package of this name.'),
          either: trans.__('No channel has a package of this name: pip looks for it.')
        }[props.syntax]
      : check && check !== 'missing' && check.versions.length > 0
        ? trans.__('%1, newest version %2', entry.text, newestOf(check.versions, '')!)
        : entry.text;
  return (
    <EntryChip
      text={entry.text}
      title={text}
      problem={!entry.valid ? 'invalid' : missing && props.syntax !== 'either' ? 'missing' : null}
      onLeaveOut={props.onLeaveOut}
      trans={trans}
    />
  );
}

/** Whether `text` is a command that installs, as somebody copied it, and not a list of requirements. */
function isCommand(text: string): boolean {
  return /^\s*(?:[$>!%]+\s*)?(?:sudo\s+)?(?:\w+=\S*\s+)*(?:uv|pip[\d.]*|python[\d.]*|poetry|pipenv|pdm)\s+\S/m.test(
    text
  );
}

/** What is wrong with a text that cannot be a package. */
export function notPackageText(syntax: PackageSyntax, trans: TranslationBundle): string {
  return syntax === 'requirement'
    ? trans.__('This is not a package, URL or path.')
    : syntax === 'matchspec'
      ? trans.__('This is not a match spec such as numpy=2.1.')
      : trans.__('This is neither a match spec, such as numpy=2.1, nor a URL or path.');
}

/** Which of a field's entries cannot be packages. */
export function notPackagesText(
  entries: ReadonlyArray<IPackageEntry>,
  syntax: PackageSyntax,
  trans: TranslationBundle
): string {
  const texts = entries.map(entry => entry.text).join(', ');
  return syntax === 'requirement'
    ? trans.__('Not a package, URL or path: %1', texts)
    : syntax === 'matchspec'
      ? trans.__('Not a match spec such as numpy=2.1: %1', texts)
      : trans.__('Neither a match spec, such as numpy=2.1, nor a URL or path: %1', texts);
}

/** The entries with what was being typed taken in, each once. */
export function withDraft(
  entries: ReadonlyArray<IPackageEntry>,
  draft: string,
  syntax: PackageSyntax
): ReadonlyArray<IPackageEntry> {
  const known = new Set(entries.map(entry => entry.text));
  return [...entries, ...parsePackages(draft, syntax).filter(entry => !known.has(entry.text))];
}

/** Whether what is typed cannot become a package any more. */
function isWrong(draft: string, syntax: PackageSyntax): boolean {
  const text = draft.trim();
  const opens = syntax === 'requirement' && OPENING.test(text);
  return text !== '' && isComplete(draft) && !opens && !isPackage(text, syntax);
}

/** The first word of what is more than one requirement. */
const OPENING = /^(?:[!%]?\s*(?:uv|pip3?|python3?|envinstall)|import|from)\b|^-/;

/** A blank ends `numpy`, but not `pip`, `import`, `numpy >=` or `-e`, where more has to follow. */
function isComplete(draft: string): boolean {
  const text = draft.trim();
  if (/^(import|from)\b/.test(text)) {
    return false;
  }
  if (/^[!%]?\s*(uv|pip3?|python3?)\b/.test(text) && !/install\s+\S/.test(text)) {
    return false;
  }
  return !/[<>=!~,;@[]\s*$/.test(text) && !/^-e\b/.test(text) && !/;|\s@\s/.test(text);
}
