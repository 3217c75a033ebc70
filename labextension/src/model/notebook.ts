import type { KernelSpec } from '@jupyterlab/services';

import type { IEnvironment } from '../api/types';

type ISpec = Pick<KernelSpec.ISpecModel, 'display_name' | 'metadata'>;

/** Our mark in a kernelspec. */
export interface IMark {
  id: string;
  prefix: string;
}

/** What a notebook says of the kernel that it was saved with. */
export interface ISavedKernel {
  name: string;
  displayName: string;
}

/** The mark that we left in `spec`, or null: anybody can write a kernelspec. */
export function markOf(spec: ISpec | undefined): IMark | null {
  const mark = spec?.metadata?.jupyter_envs as Partial<IMark> | undefined;
  return typeof mark?.id === 'string' && typeof mark.prefix === 'string'
    ? { id: mark.id, prefix: mark.prefix }
    : null;
}

/** The environment that the kernel called `name` runs in; undefined when it is none of the known ones. */
export function environmentOf(
  name: string,
  spec: ISpec | undefined,
  environments: ReadonlyArray<IEnvironment>
): IEnvironment | undefined {
  const mark = markOf(spec);
  return (
    environments.find(known => known.kernels.some(kernel => kernel.name === name)) ??
    // A new name gives an environment a new id; its folder tells as well.
    environments.find(known => known.id === mark?.id || known.prefix === mark?.prefix)
  );
}

/** The kernel that a notebook's metadata names, or null. */
export function savedKernel(kernelspec: unknown): ISavedKernel | null {
  const { name, display_name } = (kernelspec ?? {}) as { name?: unknown; display_name?: unknown };
  if (typeof name !== 'string' || !name) {
    return null;
  }
  return {
    name,
    displayName: typeof display_name === 'string' && display_name ? display_name : name
  };
}

/** The name of the environment that a kernel was made for: `thesis` of `Python (thesis)`. */
export function environmentName(saved: ISavedKernel): string {
  return saved.displayName.slice(0, 500).match(/^\s*\w+\s*\((.+)\)\s*$/)?.[1] ?? saved.displayName;
}

/** What the toolbar says of a notebook's kernel. */
export type ChipState =
  | { kind: 'none' }
  /** The kernel is none of ours. */
  | { kind: 'foreign'; label: string }
  /** The list is still to come. */
  | { kind: 'unknown'; label: string }
  | { kind: 'ready' | 'busy' | 'broken'; label: string; environment: IEnvironment }
  /** Packages that were changed or removed since the kernel started. */
  | { kind: 'changed'; label: string; environment: IEnvironment; packages: ReadonlyArray<string> }
  /** The environment, or the kernelspec, is gone. */
  | { kind: 'missing'; label: string };

export interface IChipInput {
  /** The running kernel's name, or null. */
  kernel: string | null;
  /** Null until they are loaded. */
  specs: { readonly [name: string]: ISpec | undefined } | null;
  environments: ReadonlyArray<IEnvironment> | null;
  /** What the notebook's file says. */
  saved: ISavedKernel | null;
  /** See `KernelStarts.changes`. */
  packages: ReadonlyArray<string>;
}

export function chipState(input: IChipInput): ChipState {
  const { kernel, specs, environments, saved, packages } = input;
  if (!specs) {
    return { kind: 'none' };
  }
  if (kernel === null) {
    return saved && !specs[saved.name]
      ? { kind: 'missing', label: environmentName(saved) }
      : { kind: 'none' };
  }
  const spec = specs[kernel];
  const environment = environmentOf(kernel, spec, environments ?? []);
  const ours = markOf(spec) !== null;
  const shown = spec ? environmentName({ name: kernel, displayName: spec.display_name }) : kernel;
  if (!environment) {
    if (!spec || (ours && environments)) {
      return { kind: 'missing', label: shown };
    }
    return ours ? { kind: 'unknown', label: shown } : { kind: 'foreign', label: spec.display_name };
  }
  if (!ours && environment.protected) {
    return { kind: 'foreign', label: spec?.display_name ?? kernel };
  }
  const label = environment.name;
  if (environment.state === 'ready' && packages.length > 0) {
    return { kind: 'changed', label, environment, packages };
  }
  return { kind: environment.state, label, environment };
}
