import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect, undoIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IPackage } from '../../api/types';
import type { Wish } from '../../model/changes';
import type { Known } from '../../model/newest';
import { isOutdated, newestOf } from '../../model/requirements';
import type { IReasons } from '../../model/tree';
import { IconButton } from '../iconbutton';
import { size } from '../size';
import { sourceText } from './words';

export interface IPackageRowProps {
  item: IPackage;
  /** What the index has; undefined when it was not asked. */
  known: Known | undefined;
  wish: Wish | undefined;
  selected: boolean;
  expanded: boolean;
  /** Whether it is the row that Tab reaches. */
  active: boolean;
  /** Counted from 1, the head is the first. */
  rowIndex: number;
  /** Whether nothing can be changed now. */
  locked: boolean;
  /** Whether pip's package of the name is imported in its place. */
  hidden: boolean;
  /** Null while it is not known. */
  reasons: IReasons | null;
  onFocus: (item: IPackage) => void;
  onSelect: (item: IPackage) => void;
  onExpand: (item: IPackage) => void;
  onWish: (item: IPackage, wish: Wish | null) => void;
  trans: TranslationBundle;
}

/** One package, with its details below it when it is open. */
export const PackageRow = React.memo(Row);

function Row(props: IPackageRowProps): JSX.Element {
  const { item, known, wish, expanded, active, locked, trans } = props;
  const tabIndex = active ? 0 : -1;
  const newest = known ? newestOf(known, item.version) : null;
  const outdated = !!known && isOutdated(known, item.version);
  return (
    <>
      <div
        role="row"
        aria-level={1}
        aria-rowindex={props.rowIndex}
        aria-expanded={expanded}
        aria-selected={props.selected}
        data-wish={wish?.kind}
        tabIndex={tabIndex}
        className="jp-EnvironmentPage-row"
        title={item.summary ?? undefined}
        onFocus={() => props.onFocus(item)}
        onClick={() => props.onExpand(item)}
      >
        <span role="gridcell" onClick={event => event.stopPropagation()}>
          <input
            type="checkbox"
            tabIndex={tabIndex}
            checked={props.selected}
            aria-label={trans.__('Select %1', item.name)}
            onChange={() => props.onSelect(item)}
          />
        </span>
        <span role="gridcell" className="jp-EnvironmentPage-nameCell">
          <span className="jp-EnvironmentPage-caret" aria-hidden="true">
            {expanded ? '▾' : '▸'}
          </span>
          <b>{item.name}</b>
          {item.requested && (
            <span role="img" aria-label={trans.__('asked for')} title={trans.__('Asked for')}>
              ★
            </span>
          )}
          <span className="jp-EnvironmentPage-summary">{item.summary}</span>
        </span>
        <span role="gridcell" data-column="installed">
          {installedText(item, wish, newest, trans)}
        </span>
        <span role="gridcell" data-column="newest">
          {known === null ? '…' : newest}
          {outdated && !wish && !locked && (
            <button
              type="button"
              className="jp-Environments-link"
              tabIndex={tabIndex}
              aria-label={trans.__('Upgrade %1 to %2', item.name, newest)}
              title={trans.__('Upgrade %1 to %2', item.name, newest)}
              onClick={event => {
                event.stopPropagation();
                props.onWish(item, { kind: 'upgrade' });
              }}
            >
              ⬆
            </button>
          )}
        </span>
        <span role="gridcell" data-column="source">
          {sourceText(item, trans)}
        </span>
        <span role="gridcell" data-column="size">
          {item.size === null ? '' : size(item.size)}
        </span>
        <span role="gridcell" className="jp-EnvironmentPage-rowActions">
          {!locked &&
            (wish ? (
              <IconButton
                icon={undoIcon}
                label={trans.__('Leave %1 as it is', item.name)}
                tabIndex={tabIndex}
                onClick={() => props.onWish(item, null)}
              />
            ) : (
              // A character: an icon in each row would make it slower to draw.
              <button
                type="button"
                className="jp-Environments-iconButton"
                aria-label={trans.__('Remove %1', item.name)}
                title={trans.__('Remove %1', item.name)}
                tabIndex={tabIndex}
                onClick={event => {
                  event.stopPropagation();
                  props.onWish(item, { kind: 'remove' });
                }}
              >
                ✕
              </button>
            ))}
        </span>
      </div>
      {expanded && <Detail {...props} />}
    </>
  );
}

function installedText(
  item: IPackage,
  wish: Wish | undefined,
  newest: string | null,
  trans: TranslationBundle
): React.ReactNode {
  if (!wish) {
    return item.version;
  }
  if (wish.kind === 'remove') {
    return (
      <>
        <s>{item.version}</s> <em>{trans.__('will go')}</em>
      </>
    );
  }
  const target = wish.kind === 'version' ? wish.version : (newest ?? trans.__('newest'));
  return (
    <>
      {item.version} <em>→ {target}</em>
    </>
  );
}

/** Why it is here, what needs it, and which version it should be. */
function Detail(props: IPackageRowProps): JSX.Element {
  const { item, known, wish, reasons, locked, trans } = props;
  const tabIndex = props.active ? 0 : -1;
  const versions = known ?? [];
  const chosen = wish?.kind === 'version' ? wish.version : item.version;
  return (
    <div role="row" aria-level={2} className="jp-EnvironmentPage-detail">
      <div role="gridcell" aria-colspan={7}>
        {item.summary && <p className="jp-EnvironmentPage-full">{item.summary}</p>}
        {props.hidden && (
          <p>{trans.__('The one that pip brought is imported in its place: change that one.')}</p>
        )}
        <dl>
          <dt>{trans.__('Why it is here')}</dt>
          <dd>
            {item.requested && <div>{trans.__('Somebody asked for it.')}</div>}
            {!reasons && !item.requested && <div>…</div>}
            {reasons?.chains.map(chain => (
              <div key={chain.join()}>{trans.__('Needed by %1', chain.slice(1).join(' ← '))}</div>
            ))}
            {reasons && !item.requested && reasons.chains.length === 0 && (
              <div>{trans.__('Nothing needs it any more.')}</div>
            )}
          </dd>
          <dt>{trans.__('If it is removed')}</dt>
          <dd>
            {!reasons
              ? '…'
              : reasons.dependents.length === 0
                ? trans.__('Nothing else breaks.')
                : trans.__('These break: %1', reasons.dependents.join(', '))}
          </dd>
          {!locked && versions.length > 0 && (
            <>
              <dt>{trans.__('Version')}</dt>
              <dd>
                <HTMLSelect
                  className="jp-Environments-select"
                  aria-label={trans.__('Version of %1', item.name)}
                  tabIndex={tabIndex}
                  value={chosen}
                  onChange={event => {
                    const version = event.target.value;
                    props.onWish(
                      item,
                      version === item.version ? null : { kind: 'version', version }
                    );
                  }}
                >
                  {!versions.includes(item.version) && (
                    <option value={item.version}>{item.version}</option>
                  )}
                  {versions.map(version => (
                    <option key={version} value={version}>
                      {version === item.version
                        ? trans.__('%1 (installed)', version)
                        : version === newestOf(versions, item.version)
                          ? trans.__('%1 (newest)', version)
                          : version}
                    </option>
                  ))}
                </HTMLSelect>
              </dd>
            </>
          )}
          <dt>{trans.__('Source')}</dt>
          <dd>
            {[
              item.url ?? sourceText(item, trans),
              item.build,
              item.installer && trans.__('installed by %1', item.installer),
              item.size !== null && size(item.size)
            ]
              .filter(Boolean)
              .join(' · ')}
          </dd>
        </dl>
      </div>
    </div>
  );
}
