import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import { RequestError } from '../api/request';
import type { IVersions } from '../api/types';
import type { ILookups } from '../model/lookups';
import { isName, nameOf, newestOf, writtenName } from '../model/requirements';

const SEARCH_PAUSE_MS = 120;
const INDEX_PAUSE_MS = 400;
const MOST_SHOWN = 8;

/** One line of the list below a field for packages. */
export interface ISuggestion {
  /** What the field gets. */
  text: string;
  summary: string | null;
  note: string | null;
}

/** What could be meant by `draft`: known packages, the index's own answer, versions after `==`, or `=` of conda. */
export function useSuggestions(
  lookups: ILookups,
  draft: string,
  trans: TranslationBundle
): ReadonlyArray<ISuggestion> {
  const [found, setFound] = useState<{ draft: string; list: ReadonlyArray<ISuggestion> }>(NONE);
  const [exact, setExact] = useState<{ draft: string; versions: IVersions | null }>(NO_EXACT);
  const pinned = (lookups.syntax === 'matchspec' ? MATCHED : PINNED).exec(draft);
  const word = pinned ? pinned[1] : isName(draft) ? draft : '';

  useEffect(() => {
    if (!word) {
      return;
    }
    let gone = false;
    const search = window.setTimeout(async () => {
      try {
        const names = await lookups.search(word);
        if (!gone) {
          const list = names.map(({ name, summary, source }) => ({
            text: name,
            summary,
            note: source === 'installed' ? trans.__('used elsewhere') : null
          }));
          setFound({ draft: word, list });
        }
      } catch {
        // Suggestions are a help: without them one types on.
      }
    }, SEARCH_PAUSE_MS);
    const ask = window.setTimeout(async () => {
      const versions = await lookups.versions(word).catch(() => null);
      if (!gone) {
        setExact({ draft: word, versions });
      }
    }, INDEX_PAUSE_MS);
    return () => {
      gone = true;
      window.clearTimeout(search);
      window.clearTimeout(ask);
    };
  }, [lookups, word, trans]);

  if (!word) {
    return [];
  }
  const known = exact.draft === word ? exact.versions : null;
  if (pinned) {
    const fitting = known?.versions.filter(version => version.startsWith(pinned[3])) ?? [];
    return fitting
      .slice(0, MOST_SHOWN)
      .map(version => ({ text: `${pinned[1]}${pinned[2]}${version}`, summary: null, note: null }));
  }
  // While the next answer is under way the last one narrows down, so that nothing flickers.
  const list = found.list.filter(each => found.draft === word || each.text.includes(word));
  return withExact(list, known, word, trans).slice(0, MOST_SHOWN);
}

function withExact(
  list: ReadonlyArray<ISuggestion>,
  known: IVersions | null,
  word: string,
  trans: TranslationBundle
): ReadonlyArray<ISuggestion> {
  if (!known || known.versions.length === 0) {
    return list;
  }
  const wanted = nameOf(word);
  const note = trans._n(
    '%2, the only version',
    '%2, newest of %1 versions',
    known.versions.length,
    newestOf(known.versions, '')!
  );
  const first = list.find(each => nameOf(each.text) === wanted);
  const own: ISuggestion = {
    text: first?.text ?? known.name,
    summary: first?.summary ?? known.summary,
    note
  };
  return [own, ...list.filter(each => each !== first)];
}

const PINNED = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(==)\s*([\w.+!-]*)$/;
const MATCHED = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(==?)\s*([\w.+!-]*)$/;
const NONE = { draft: '', list: [] };
const NO_EXACT = { draft: '', versions: null };

/** What the index says of an entry: its versions, `missing`, or nothing. */
export type Check = IVersions | 'missing' | undefined;

/** Looks each named entry up at the index; a text that names no package is left out. */
export function useChecks(
  lookups: ILookups,
  texts: ReadonlyArray<string>
): ReadonlyMap<string, Check> {
  const [checks, setChecks] = useState<ReadonlyMap<string, Check>>(new Map());
  const names = texts.map(writtenName).filter(name => name !== null);
  const joined = names.join(' ');
  useEffect(() => {
    if (!joined) {
      return;
    }
    let gone = false;
    const tell = (name: string, check: Check) =>
      gone || setChecks(old => new Map(old).set(name, check));
    for (const name of joined.split(' ')) {
      lookups.versions(name).then(
        versions => tell(name, versions),
        error => {
          if (error instanceof RequestError && error.status === 404) {
            tell(name, 'missing');
          }
        }
      );
    }
    return () => {
      gone = true;
    };
  }, [lookups, joined]);
  return checks;
}

export interface ISuggestionListProps {
  id: string;
  suggestions: ReadonlyArray<ISuggestion>;
  /** The index of the one that the arrow keys reached, or -1. */
  active: number;
  onPick: (suggestion: ISuggestion) => void;
  trans: TranslationBundle;
}

/** The list below the field; the field keeps the focus. */
export function SuggestionList(props: ISuggestionListProps): JSX.Element {
  return (
    <ul
      id={props.id}
      className="jp-Environments-suggestions"
      role="listbox"
      aria-label={props.trans.__('Suggestions')}
    >
      {props.suggestions.map((suggestion, at) => (
        <li
          key={suggestion.text}
          id={`${props.id}-${at}`}
          role="option"
          aria-selected={at === props.active}
          // The click must not take the focus from the field.
          onMouseDown={event => event.preventDefault()}
          onClick={() => props.onPick(suggestion)}
        >
          <span className="jp-Environments-suggestionName">{suggestion.text}</span>
          {suggestion.note && (
            <span className="jp-Environments-suggestionNote">{suggestion.note}</span>
          )}
          {suggestion.summary && (
            <span className="jp-Environments-suggestionSummary">{suggestion.summary}</span>
          )}
        </li>
      ))}
    </ul>
  );
}
