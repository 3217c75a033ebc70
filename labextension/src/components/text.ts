import type { TranslationBundle } from '@jupyterlab/translation';

import type { IEnvironment, IInstallation } from '../api/types';
import type { GroupId } from '../model/groups';
import { size } from './size';

/** The version as far as it tells interpreters apart: `3.12` of `3.12.1`. */
export function shortVersion(version: string | null): string | null {
  return version?.match(/^\d+\.\d+/)?.[0] ?? version;
}

/** `Miniforge 24.11.0`. */
export function installationText({ name, version }: IInstallation): string {
  return [name, version].filter(Boolean).join(' ');
}

/** What is worth a look at a row: Python, manager, packages, size; what is not known is left out. */
export function details(environment: IEnvironment, trans: TranslationBundle): string {
  const { python, manager, installation, package_count: count, size: bytes } = environment;
  const parts: string[] = [];
  if (python.version) {
    parts.push(shortVersion(python.version)!);
  }
  parts.push(installation?.name ?? manager);
  if (count !== null) {
    parts.push(trans._n('%1 package', '%1 packages', count));
  }
  if (bytes !== null) {
    parts.push(size(bytes));
  }
  return parts.join(' · ');
}

export function groupTitle(id: GroupId, trans: TranslationBundle): string {
  switch (id) {
    case 'folder':
      return trans.__('This folder');
    case 'mine':
      return trans.__('Mine');
    case 'conda':
      return trans.__('conda');
    case 'others':
      return trans.__('Others');
    case 'tools':
      return trans.__('Tools');
  }
}

/** State and kernel of an environment in words. */
export function stateText(
  environment: IEnvironment,
  running: number,
  trans: TranslationBundle
): string {
  if (environment.state === 'broken') {
    return trans.__('broken');
  }
  if (environment.state === 'busy') {
    return trans.__('being changed');
  }
  if (running > 0) {
    return trans._n('%1 kernel running', '%1 kernels running', running);
  }
  if (!environment.can.kernel) {
    return trans.__('a tool, never a kernel');
  }
  return environment.kernels.length > 0
    ? trans.__('ready, offered as a kernel')
    : trans.__('ready, not offered as a kernel');
}
