import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';

import type { IEnvironment, IErrorBody, IPackage, ITreeNode } from '../../api/types';
import { countOf, withAll, withWish, type IPending, type Wish } from '../../model/changes';
import type { ILookups } from '../../model/lookups';
import type { Known } from '../../model/newest';
import {
  FIRST_VIEW,
  hiddenByPip,
  isFromIndex,
  selectPackages,
  type SortKey
} from '../../model/packagelist';
import { isOutdated, normalName } from '../../model/requirements';
import { channelsToAccept, type ITermsActions } from '../../model/terms';
import { FilterField } from '../filterfield';
import { ReadState, type IRead } from '../readstate';
import { Refusal } from '../terms';
import { AddField } from './addfield';
import { Newer } from './newer';
import { keyOf, PackageTable } from './packagetable';

/** Scrolling past rows asks for nothing: this long they have to stay in view. */
const SETTLE_MS = 250;

export interface IPackagesTabProps {
  environment: IEnvironment;
  packages: IRead<ReadonlyArray<IPackage>>;
  tree: ReadonlyArray<ITreeNode> | null;
  newest: (name: string) => Known | undefined;
  /** Why the index is not asked at present. */
  newestFailure: IErrorBody | null;
  lookups: ILookups;
  pending: IPending;
  /** Whether a job changes the environment now. */
  busy: boolean;
  onPending: (pending: IPending) => void;
  onWantNewest: (names: ReadonlyArray<string>) => void;
  onRetryNewest: () => void;
  /** What was looked for and refused can be looked for now. */
  onLookAgain: () => void;
  terms: ITermsActions;
  onExplain: () => void;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** What is installed, what could be, and what shall be. */
export function PackagesTab(props: IPackagesTabProps): JSX.Element {
  const { environment, pending, newest, trans } = props;
  const packages = props.packages.value;
  const { onPending, onWantNewest } = props;
  const [view, setView] = useState(FIRST_VIEW);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [checking, setChecking] = useState(false);
  const filter = useRef<HTMLInputElement>(null);
  const fixed = fixedReason(environment, trans);
  const locked = fixed !== null || props.busy;

  const outdated = useCallback(
    (item: IPackage) => {
      const known = isFromIndex(item) ? newest(normalName(item.name)) : null;
      return !!known && isOutdated(known, item.version);
    },
    [newest]
  );
  // The field takes the next key while the rows of the last one are still being drawn.
  const drawn = useDeferredValue(view);
  const items = useMemo(
    () => selectPackages(packages ?? [], drawn, outdated),
    [packages, drawn, outdated]
  );
  const hidden = useMemo(() => hiddenByPip(packages ?? []), [packages]);
  const chosen = useMemo(
    () => (packages ?? []).filter(item => selected.has(keyOf(item)) && !hidden.has(item)),
    [packages, selected, hidden]
  );
  const fromIndex = useMemo(() => (packages ?? []).filter(isFromIndex).map(named), [packages]);

  const wants = useRef({ pending, checking, fromIndex });
  wants.current = { pending, checking, fromIndex };
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const onView = useCallback(
    (inView: ReadonlyArray<IPackage>) => {
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        const { checking: all, fromIndex: every } = wants.current;
        const names = inView.filter(isFromIndex).map(named);
        onWantNewest(all ? [...names, ...every] : names);
      }, SETTLE_MS);
    },
    [onWantNewest]
  );
  const check = () => {
    setChecking(true);
    onWantNewest(fromIndex);
  };

  const onWish = useCallback(
    (names: ReadonlyArray<string>, wish: Wish | null) =>
      onPending(withWish(wants.current.pending, names, wish)),
    [onPending]
  );
  const onSelect = useCallback(
    (keys: ReadonlyArray<string>, on: boolean) =>
      setSelected(old => {
        const next = new Set(old);
        for (const key of keys) {
          if (on) {
            next.add(key);
          } else {
            next.delete(key);
          }
        }
        return next;
      }),
    []
  );
  const onSort = useCallback(
    (key: SortKey) =>
      setView(old => ({ ...old, sort: key, descending: old.sort === key && !old.descending })),
    []
  );
  const { query } = view;
  const forAll = (wish: Wish) => {
    onWish(
      chosen.map(item => item.name),
      wish
    );
    setSelected(new Set());
  };

  return (
    <div className="jp-EnvironmentPage-packages">
      {fixed !== null ? (
        <p className="jp-EnvironmentPage-muted jp-EnvironmentPage-fixed">{fixed}</p>
      ) : (
        <AddField {...props} pipApart={environment.can.pip_apart} locked={locked} />
      )}
      <div className="jp-EnvironmentPage-tools">
        <FilterField
          inputRef={filter}
          label={trans.__('Filter packages')}
          value={query}
          onChange={text => setView(old => ({ ...old, query: text }))}
          trans={trans}
        />
        <label>
          <input
            type="checkbox"
            checked={view.outdatedOnly}
            onChange={event => {
              setView({ ...view, outdatedOnly: event.target.checked });
              if (event.target.checked) {
                check();
              }
            }}
          />
          {trans.__('Outdated')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={view.requestedOnly}
            onChange={event => setView({ ...view, requestedOnly: event.target.checked })}
          />
          {trans.__('Requested')}
        </label>
        <Newer
          {...props}
          names={fromIndex}
          checking={checking}
          outdated={(packages ?? []).filter(outdated).map(item => item.name)}
          locked={locked}
          onCheck={check}
          all={pending.all === true}
          onUpgradeAll={() => onPending(withAll(pending))}
        />
      </div>
      {props.newestFailure &&
        countOf(pending) === 0 &&
        channelsToAccept(props.newestFailure).length > 0 && (
          <Refusal
            error={props.newestFailure}
            terms={props.terms}
            onGoOn={props.onLookAgain}
            trans={trans}
          />
        )}
      {chosen.length > 0 && (
        <div className="jp-EnvironmentPage-tools" role="group" aria-label={trans.__('Selected')}>
          <strong>{trans._n('%1 selected', '%1 selected', chosen.length)}</strong>
          <button
            type="button"
            className="jp-Environments-button"
            disabled={locked}
            onClick={() => forAll({ kind: 'upgrade' })}
          >
            {trans.__('Upgrade')}
          </button>
          <button
            type="button"
            className="jp-Environments-button"
            disabled={locked}
            onClick={() => forAll({ kind: 'remove' })}
          >
            {trans.__('Remove')}
          </button>
          <button
            type="button"
            className="jp-Environments-link"
            onClick={() => setSelected(new Set())}
          >
            {trans.__('Clear selection')}
          </button>
        </div>
      )}
      <ReadState
        read={props.packages}
        waiting={trans.__('Reading the packages…')}
        onRetry={props.onRetry}
        trans={trans}
      />
      {packages !== null && items.length === 0 && (
        <div className="jp-Environments-message" role="status">
          <p>{nothingText(packages.length, view.outdatedOnly, query, trans)}</p>
          {packages.length > 0 && (
            <button
              type="button"
              className="jp-Environments-button"
              onClick={() => setView(FIRST_VIEW)}
            >
              {trans.__('Show all')}
            </button>
          )}
        </div>
      )}
      {items.length > 0 && (
        <PackageTable
          items={items}
          view={drawn}
          hidden={hidden}
          selected={selected}
          newest={newest}
          tree={props.tree}
          pending={pending}
          locked={locked}
          onView={onView}
          onSort={onSort}
          onSelect={onSelect}
          onWish={onWish}
          onExplain={props.onExplain}
          onFilter={() => filter.current?.focus()}
          trans={trans}
        />
      )}
    </div>
  );
}

function named(item: IPackage): string {
  return normalName(item.name);
}

/** Why the packages cannot be changed here, or null. */
function fixedReason(environment: IEnvironment, trans: TranslationBundle): string | null {
  if (environment.protected && environment.can.kernel) {
    return trans.__(
      'Jupyter itself runs in this environment, so its packages are not changed here. Make an environment of your own for what you need.'
    );
  }
  return environment.can.change
    ? null
    : trans.__(
        'Only %1 changes this environment; its packages can be seen here.',
        environment.manager
      );
}

function nothingText(
  count: number,
  outdatedOnly: boolean,
  query: string,
  trans: TranslationBundle
): string {
  if (count === 0) {
    return trans.__('There are no packages in this environment yet.');
  }
  if (query) {
    return trans.__('No package fits “%1”.', query);
  }
  return outdatedOnly
    ? trans.__('None of those checked has a newer version.')
    : trans.__('None of them was asked for.');
}
