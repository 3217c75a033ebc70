import type { TranslationBundle } from '@jupyterlab/translation';

import type { IEnvironment, IJob, IProgress } from '../api/types';
import type { GroupId } from '../model/groups';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `bytes` as people read it: `0 B`, `950 kB`, `1.2 GB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit >= 2 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** The version as far as it tells interpreters apart: `3.12` of `3.12.1`. */
export function shortVersion(version: string | null): string | null {
  return version?.match(/^\d+\.\d+/)?.[0] ?? version;
}

/** What is worth a look at a row: Python, manager, packages, size; what is not known is left out. */
export function details(environment: IEnvironment, trans: TranslationBundle): string {
  const { python, manager, package_count: count, size: bytes } = environment;
  const parts: string[] = [];
  if (python.version) {
    parts.push(shortVersion(python.version)!);
  }
  parts.push(manager);
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

/** A job's headline: its own title, or its action and environment. */
export function jobTitle(job: IJob): string {
  return job.title || [job.action, job.environment].filter(Boolean).join(' ');
}

/** What the server calls the part of a job that it is at; a word that is new here stays as it is. */
function phaseText(phase: string, trans: TranslationBundle): string {
  switch (phase) {
    case 'waiting':
      return trans.__('Waiting');
    case 'resolve':
      return trans.__('Choosing versions');
    case 'download':
      return trans.__('Downloading');
    case 'create':
      return trans.__('Making the environment');
    case 'copy':
      return trans.__('Copying');
    case 'install':
      return trans.__('Installing');
    case 'remove':
      return trans.__('Removing');
    case 'measure':
      return trans.__('Measuring');
    case 'register kernel':
      return trans.__('Registering the kernel');
    default:
      return phase;
  }
}

/** Where a job stands: `Installing · 41 of 63 packages`, `Downloading · 1.2 GB of 2.4 GB`. */
export function progressText(progress: IProgress, trans: TranslationBundle): string {
  const amount = amountText(progress, trans);
  const phase = phaseText(progress.phase, trans);
  return amount ? `${phase} · ${amount}` : phase;
}

function amountText(progress: IProgress, trans: TranslationBundle): string | null {
  const { done, total, unit } = progress;
  if (done === null) {
    return null;
  }
  if (unit === 'bytes') {
    return total === null ? size(done) : trans.__('%1 of %2', size(done), size(total));
  }
  if (total === null) {
    return null;
  }
  return unit === 'packages'
    ? trans._n('%2 of %1 package', '%2 of %1 packages', total, done)
    : trans.__('%1 of %2', done, total);
}
