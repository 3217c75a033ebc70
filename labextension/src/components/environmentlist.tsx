import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React, { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import type { IEnvironment, IErrorBody, IProject } from '../api/types';
import { grouped, sorted, type GroupId, type IGroup } from '../model/groups';
import type { Question } from '../tokens';
import { isOnRow, rowAfter, useActiveRow } from './activerow';
import { EnvironmentRow, rowHeight, type IRowActions } from './environmentrow';
import type { IExportFileProps } from './exportfile';
import { ProjectRow, projectText } from './projectrow';
import type { IAnswers } from './question';
import { details, groupTitle, stateText } from './text';
import { VirtualList } from './virtuallist';

const GROUP_HEIGHT = 28;
const PROJECT_HEIGHT = 48;

/** Letters typed within this time are one word. */
const TYPE_AHEAD_MS = 700;

/** A question about the environment `id`, asked in its row. */
export interface IAsking {
  id: string;
  question: Question;
}

export interface IListProps extends IRowActions {
  environments: ReadonlyArray<IEnvironment>;
  /** Those whose environment is not made yet. */
  projects: ReadonlyArray<IProject>;
  /** With `lock` the project's lock file is brought up to date first. */
  onMakeProject: (project: IProject, lock: boolean) => void;
  grouped: boolean;
  runningOf: (environment: IEnvironment) => number;
  asking: IAsking | null;
  answers: IAnswers;
  /** Names in use. */
  taken: ReadonlyArray<string>;
  files: IExportFileProps['files'];
  /** Why the last action on an environment was refused, by its id; for a project by its path. */
  errors: ReadonlyMap<string, IErrorBody>;
  /** The user wants to type into the filter. */
  onFilter: () => void;
  trans: TranslationBundle;
}

type Item =
  | { kind: 'group'; key: string; group: IGroup; open: boolean }
  | (IPlaced & { kind: 'row'; environment: IEnvironment })
  | (IPlaced & { kind: 'project'; project: IProject });

/** Where a row stands in its group. */
interface IPlaced {
  key: string;
  level: number;
  position: number;
  of: number;
}

/** The environments as a tree of groups and rows; arrows move, letters jump. */
export function EnvironmentList(props: IListProps): JSX.Element {
  const { environments, projects, runningOf, asking, errors, trans } = props;
  const [closed, setClosed] = useState<ReadonlySet<GroupId>>(new Set());
  const typed = useRef({ text: '', time: 0 });
  const root = useRef<HTMLDivElement>(null);

  const items = useMemo(
    () =>
      props.grouped
        ? groupItems(environments, projects, closed)
        : rowItems(sorted(environments), projects, 1),
    [environments, projects, props.grouped, closed]
  );
  const {
    key: activeKey,
    item: active,
    index,
    set: setActiveKey,
    move,
    focusNext
  } = useActiveRow(items, keyOf, root, 'treeitem');
  const toggle = (id: GroupId) =>
    setClosed(old => {
      const next = new Set(old);
      if (!next.delete(id)) {
        next.add(id);
      }
      return next;
    });

  // A question holds the focus: whatever the answer, it goes back to the row.
  const answers = useMemo(() => answersThen(props.answers, focusNext), [props.answers, focusNext]);
  useEffect(() => {
    if (asking) {
      setActiveKey(asking.id);
    }
  }, [asking, setActiveKey]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!active || !isOnRow(event, 'treeitem')) {
      return;
    }
    const isMenuKey = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
    if (isMenuKey && active.kind === 'row') {
      props.onMenu(active.environment, event.target as HTMLElement);
    } else if (!press(event.key)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  /** Whether the key meant something here. */
  const press = (key: string): boolean => {
    const to = rowAfter(key, index, items.length);
    if (to !== undefined) {
      move(to);
      return true;
    }
    if (key === '/') {
      props.onFilter();
      return true;
    }
    return pressOnItem(key, active!) || typeAhead(key);
  };

  const pressOnItem = (key: string, item: Item): boolean => {
    if (item.kind === 'group') {
      const wanted = { ArrowLeft: true, ArrowRight: false, Enter: item.open, ' ': item.open }[key];
      if (wanted === undefined) {
        return false;
      }
      if (item.open === wanted) {
        toggle(item.group.id);
      } else if (key === 'ArrowRight') {
        move(index + 1);
      }
      return true;
    }
    if (key === 'ArrowLeft' && item.level > 1) {
      let at = index;
      while (items[at].kind !== 'group') {
        at--;
      }
      move(at);
      return true;
    }
    return false;
  };

  const typeAhead = (key: string): boolean => {
    if (key.length !== 1 || key === ' ') {
      return false;
    }
    const now = Date.now();
    const word = typed.current;
    word.text = (now - word.time < TYPE_AHEAD_MS ? word.text : '') + key.toLowerCase();
    word.time = now;
    // A first letter goes on to the next row, further ones stay where they fit.
    const from = word.text.length === 1 ? index + 1 : index;
    for (let step = 0; step < items.length; step++) {
      const at = (from + step) % items.length;
      const item = items[at];
      if (item.kind === 'row' && item.environment.name.toLowerCase().startsWith(word.text)) {
        move(at);
        break;
      }
    }
    return true;
  };

  const estimate = useCallback(
    (item: Item) =>
      item.kind === 'row'
        ? rowHeight(item.environment, item.environment.id === asking?.id)
        : item.kind === 'project'
          ? PROJECT_HEIGHT
          : GROUP_HEIGHT,
    [asking]
  );

  const renderItem = (item: Item) => {
    const tabIndex = item.key === active?.key ? 0 : -1;
    if (item.kind === 'group') {
      return renderGroup(item, tabIndex);
    }
    if (item.kind === 'project') {
      return renderProject(item, tabIndex);
    }
    const { environment } = item;
    const running = runningOf(environment);
    return (
      <div
        role="treeitem"
        aria-level={item.level}
        aria-posinset={item.position}
        aria-setsize={item.of}
        aria-label={rowLabel(environment, running, trans)}
        tabIndex={tabIndex}
        className="jp-Environments-item"
        data-id={environment.id}
        onFocus={() => setActiveKey(item.key)}
      >
        <EnvironmentRow
          environment={environment}
          running={running}
          active={tabIndex === 0}
          question={environment.id === asking?.id ? asking.question : null}
          answers={answers}
          taken={props.taken}
          files={props.files}
          error={errors.get(environment.id) ?? null}
          onOpen={props.onOpen}
          onOpenNotebook={props.onOpenNotebook}
          onRegisterKernel={props.onRegisterKernel}
          onRepair={props.onRepair}
          onAskRemove={props.onAskRemove}
          onMenu={props.onMenu}
          onCopy={props.onCopy}
          trans={trans}
        />
      </div>
    );
  };

  const renderProject = (item: Item & { kind: 'project' }, tabIndex: number) => {
    const { project } = item;
    return (
      <div
        role="treeitem"
        aria-level={item.level}
        aria-posinset={item.position}
        aria-setsize={item.of}
        aria-label={`${project.name}, ${projectText(project, trans)}`}
        tabIndex={tabIndex}
        className="jp-Environments-project"
        onFocus={() => setActiveKey(item.key)}
      >
        <ProjectRow
          project={project}
          active={tabIndex === 0}
          error={errors.get(project.path) ?? null}
          onMake={props.onMakeProject}
          trans={trans}
        />
      </div>
    );
  };

  const renderGroup = (item: Item & { kind: 'group' }, tabIndex: number) => {
    const { group, open } = item;
    const icon = open ? caretDownIcon : caretRightIcon;
    return (
      <div
        role="treeitem"
        aria-level={1}
        aria-expanded={open}
        aria-label={trans._n(
          '%2, %1 environment',
          '%2, %1 environments',
          group.environments.length + group.projects.length,
          groupTitle(group.id, trans)
        )}
        tabIndex={tabIndex}
        className="jp-Environments-group"
        onFocus={() => setActiveKey(item.key)}
        onClick={() => toggle(group.id)}
      >
        <icon.react tag="span" height="16px" width="16px" />
        <span>{groupTitle(group.id, trans)}</span>
        <span className="jp-Environments-count">
          {group.environments.length + group.projects.length}
        </span>
      </div>
    );
  };

  return (
    <div className="jp-Environments-listBox" ref={root}>
      <VirtualList
        items={items}
        keyOf={keyOf}
        estimate={estimate}
        renderItem={renderItem}
        activeKey={activeKey}
        attributes={{
          className: 'jp-Environments-list',
          role: 'tree',
          'aria-label': trans.__('Environments'),
          onKeyDown
        }}
      />
    </div>
  );
}

/** `answers`, each followed by `then`. */
function answersThen(answers: IAnswers, then: () => void): IAnswers {
  const wrapped = Object.entries(answers).map(([name, answer]) => [
    name,
    (...given: unknown[]) => {
      then();
      (answer as (...all: unknown[]) => void)(...given);
    }
  ]);
  return Object.fromEntries(wrapped) as IAnswers;
}

function keyOf(item: Item): string {
  return item.key;
}

function groupItems(
  environments: ReadonlyArray<IEnvironment>,
  projects: ReadonlyArray<IProject>,
  closed: ReadonlySet<GroupId>
): Item[] {
  const items: Item[] = [];
  for (const group of grouped(environments, projects)) {
    const open = !closed.has(group.id);
    items.push({ kind: 'group', key: `group:${group.id}`, group, open });
    if (open) {
      items.push(...rowItems(group.environments, group.projects, 2));
    }
  }
  return items;
}

function rowItems(
  environments: ReadonlyArray<IEnvironment>,
  projects: ReadonlyArray<IProject>,
  level: number
): Item[] {
  const of = environments.length + projects.length;
  return [
    ...environments.map((environment, at) => ({
      kind: 'row' as const,
      key: environment.id,
      environment,
      level,
      position: at + 1,
      of
    })),
    ...projects.map((project, at) => ({
      kind: 'project' as const,
      key: project.path,
      project,
      level,
      position: environments.length + at + 1,
      of
    }))
  ];
}

/** The whole row in words, since the parts are read out without their places. */
function rowLabel(environment: IEnvironment, running: number, trans: TranslationBundle): string {
  const problems = environment.problems.map(problem => problem.message);
  return [
    environment.name,
    details(environment, trans),
    stateText(environment, running, trans),
    ...problems
  ].join(', ');
}
