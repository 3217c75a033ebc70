import type { IEnvironment, IProject } from '../api/types';

export type GroupId = 'folder' | 'mine' | 'conda' | 'others' | 'tools';

export interface IGroup {
  id: GroupId;
  environments: ReadonlyArray<IEnvironment>;
  /** Those whose environment is not made yet. */
  projects: ReadonlyArray<IProject>;
}

const ORDER: ReadonlyArray<GroupId> = ['folder', 'mine', 'conda', 'others', 'tools'];

/** The group that `environment` belongs to. */
export function groupOf(environment: IEnvironment): GroupId {
  // Each is there for a program of its own.
  if (!environment.can.kernel) {
    return 'tools';
  }
  // The environment of Jupyter itself can be a project's, but of another folder than the one at hand.
  if (environment.project !== null && !environment.protected) {
    return 'folder';
  }
  if (environment.kind === 'conda') {
    return 'conda';
  }
  return environment.managed ? 'mine' : 'others';
}

/** `environments` by group, each sorted by name, projects with their folder; a group without any is left out. */
export function grouped(
  environments: ReadonlyArray<IEnvironment>,
  projects: ReadonlyArray<IProject>
): IGroup[] {
  const byId = new Map<GroupId, IEnvironment[]>(ORDER.map(id => [id, []]));
  for (const environment of environments) {
    byId.get(groupOf(environment))!.push(environment);
  }
  return ORDER.map(id => ({
    id,
    environments: sorted(byId.get(id)!),
    projects: id === 'folder' ? projects : []
  })).filter(group => group.environments.length + group.projects.length > 0);
}

/** Sorts by name as people count: `env-2` before `env-10`. */
export function sorted(environments: ReadonlyArray<IEnvironment>): IEnvironment[] {
  return [...environments].sort((a, b) => collator.compare(a.name, b.name));
}

/** The projects without an environment that hold every word of `query` in their name, manager or folder. */
export function matchingProjects(
  projects: ReadonlyArray<IProject>,
  query: string
): ReadonlyArray<IProject> {
  const wanted = wordsOf(query);
  return projects.filter(({ environment, name, manager, path }) => {
    const text = `${name}\n${manager}\n${path}`.toLowerCase();
    return environment === null && wanted.every(word => text.includes(word));
  });
}

function wordsOf(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Those that hold every word of `query` in their name, manager, Python version, kernels or folder. */
export function matching(
  environments: ReadonlyArray<IEnvironment>,
  query: string
): ReadonlyArray<IEnvironment> {
  const wanted = wordsOf(query);
  if (wanted.length === 0) {
    return environments;
  }
  return environments.filter(environment => {
    const text = searchText(environment);
    return wanted.every(word => text.includes(word));
  });
}

function searchText(environment: IEnvironment): string {
  let text = texts.get(environment);
  if (text === undefined) {
    const { name, manager, python, prefix, kernels } = environment;
    const names = kernels.map(kernel => kernel.display_name);
    text = [name, manager, `python ${python.version ?? ''}`, prefix, ...names]
      .join('\n')
      .toLowerCase();
    texts.set(environment, text);
  }
  return text;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Kept while an environment is listed, so that a key pressed in the filter joins no strings. */
const texts = new WeakMap<IEnvironment, string>();
