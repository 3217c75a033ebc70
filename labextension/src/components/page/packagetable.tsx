import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useCallback, useRef, useState } from 'react';

import type { IPackage, ITreeNode } from '../../api/types';
import type { IPending, Wish } from '../../model/changes';
import type { Known } from '../../model/newest';
import type { IPackageView, SortKey } from '../../model/packagelist';
import { normalName } from '../../model/requirements';
import { reasonsFor, type IReasons } from '../../model/tree';
import { isOnRow, rowAfter, useActiveRow } from '../activerow';
import { VirtualList } from '../virtuallist';
import { PackageRow } from './packagerow';

const ROW_HEIGHT = 30;
const DETAIL_HEIGHT = 130;

export interface IPackageTableProps {
  /** Those to show, in order. */
  items: ReadonlyArray<IPackage>;
  view: IPackageView;
  selected: ReadonlySet<string>;
  newest: (name: string) => Known | undefined;
  tree: ReadonlyArray<ITreeNode> | null;
  pending: IPending;
  locked: boolean;
  /** Those in whose place pip's package of the name is imported: a change means pip's. */
  hidden: ReadonlySet<IPackage>;
  onView: (items: ReadonlyArray<IPackage>) => void;
  onSort: (key: SortKey) => void;
  onSelect: (names: ReadonlyArray<string>, selected: boolean) => void;
  onWish: (names: ReadonlyArray<string>, wish: Wish | null) => void;
  onExplain: () => void;
  /** The user wants to type into the filter. */
  onFilter: () => void;
  trans: TranslationBundle;
}

/** What tells a row: pip may have brought what conda has too. */
export function keyOf(item: IPackage): string {
  return `${item.manager} ${normalName(item.name)}`;
}

/** The packages as a table of which only the rows in view are drawn; keys move in it. */
export function PackageTable(props: IPackageTableProps): JSX.Element {
  const { items, hidden, selected, tree, pending, view, trans } = props;
  const { onSelect, onWish, onExplain } = props;
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const root = useRef<HTMLDivElement>(null);
  const reasons = useReasons(tree);

  const {
    key: activeKey,
    item: active,
    index,
    set: setActiveKey,
    move
  } = useActiveRow(items, keyOf, root, 'row');
  const expand = useCallback(
    (item: IPackage) => {
      const key = keyOf(item);
      onExplain();
      setActiveKey(key);
      setExpanded(old => {
        const next = new Set(old);
        if (!next.delete(key)) {
          next.add(key);
        }
        return next;
      });
    },
    [onExplain, setActiveKey]
  );
  const focus = useCallback((item: IPackage) => setActiveKey(keyOf(item)), [setActiveKey]);
  const select = useCallback(
    (item: IPackage) => onSelect([keyOf(item)], !selected.has(keyOf(item))),
    [onSelect, selected]
  );
  const wish = useCallback(
    (item: IPackage, wanted: Wish | null) => onWish([item.name], wanted),
    [onWish]
  );

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (active && isOnRow(event, 'row') && press(event.key, active)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** Whether the key meant something here. */
  const press = (key: string, item: IPackage): boolean => {
    const isOpen = expanded.has(keyOf(item));
    const to = rowAfter(key, index, items.length);
    if (to !== undefined) {
      move(to);
    } else if (key === 'Enter' || (key === 'ArrowRight' && !isOpen)) {
      expand(item);
    } else if (key === 'ArrowLeft') {
      if (isOpen) {
        expand(item);
      }
    } else if (key === ' ') {
      select(item);
    } else if (key === 'Delete' && !props.locked && !hidden.has(item)) {
      wish(item, { kind: 'remove' });
    } else if (key === '/') {
      props.onFilter();
    } else {
      return false;
    }
    return true;
  };

  const estimate = useCallback(
    (item: IPackage) => ROW_HEIGHT + (expanded.has(keyOf(item)) ? DETAIL_HEIGHT : 0),
    [expanded]
  );
  const all = items.length > 0 && items.every(item => selected.has(keyOf(item)));
  const some = items.some(item => selected.has(keyOf(item)));

  return (
    <div
      ref={root}
      className="jp-EnvironmentPage-table"
      role="treegrid"
      aria-label={trans.__('Packages')}
      aria-rowcount={items.length + 1}
      aria-colcount={7}
      aria-multiselectable="true"
      onKeyDown={onKeyDown}
    >
      <div role="row" aria-rowindex={1} className="jp-EnvironmentPage-tableHead">
        <span role="columnheader">
          <input
            type="checkbox"
            aria-label={trans.__('Select all that are shown')}
            checked={all}
            ref={box => {
              if (box) {
                box.indeterminate = some && !all;
              }
            }}
            onChange={() => onSelect(items.map(keyOf), !all)}
          />
        </span>
        <SortHead {...props} by="name" label={trans.__('Name')} />
        <span role="columnheader" data-column="installed">
          {trans.__('Installed')}
        </span>
        <span role="columnheader" data-column="newest">
          {trans.__('Newest')}
        </span>
        <SortHead {...props} by="source" label={trans.__('Source')} />
        <SortHead {...props} by="size" label={trans.__('Size')} />
        <span role="columnheader">
          <span className="jp-sr-only">{trans.__('Actions')}</span>
        </span>
      </div>
      <VirtualList
        // Another order is another list: it starts at its top.
        key={`${view.sort} ${view.descending}`}
        items={items}
        keyOf={keyOf}
        estimate={estimate}
        activeKey={activeKey}
        onView={props.onView}
        attributes={{ className: 'jp-EnvironmentPage-rows', role: 'rowgroup' }}
        renderItem={(item, at) => {
          const key = keyOf(item);
          const name = normalName(item.name);
          const isOpen = expanded.has(key);
          const isHidden = hidden.has(item);
          return (
            <PackageRow
              item={item}
              known={props.newest(name)}
              wish={isHidden ? undefined : pending.wishes.get(name)}
              selected={selected.has(key)}
              expanded={isOpen}
              active={item === active}
              rowIndex={at + 2}
              locked={props.locked || isHidden}
              hidden={isHidden}
              reasons={isOpen ? reasons(name) : null}
              onFocus={focus}
              onSelect={select}
              onExpand={expand}
              onWish={wish}
              trans={trans}
            />
          );
        }}
      />
    </div>
  );
}

function SortHead(props: IPackageTableProps & { by: SortKey; label: string }): JSX.Element {
  const { view, by, label } = props;
  const current = view.sort === by;
  return (
    <span
      role="columnheader"
      data-column={by}
      aria-sort={current ? (view.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => props.onSort(by)}>
        {label}
        {current && <span aria-hidden="true">{view.descending ? ' ▾' : ' ▴'}</span>}
      </button>
    </span>
  );
}

/** The reasons of each package, worked out when its row opens and kept while the tree is the same. */
function useReasons(tree: ReadonlyArray<ITreeNode> | null): (name: string) => IReasons | null {
  const kept = useRef({ tree, found: new Map<string, IReasons>() });
  if (kept.current.tree !== tree) {
    kept.current = { tree, found: new Map() };
  }
  return name => {
    if (!tree) {
      return null;
    }
    const { found } = kept.current;
    const known = found.get(name) ?? reasonsFor(tree, name);
    found.set(name, known);
    return known;
  };
}
