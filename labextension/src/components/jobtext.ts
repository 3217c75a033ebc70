import type { TranslationBundle } from '@jupyterlab/translation';

import type { IJob, IProgress } from '../api/types';
import { size } from './size';

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
    case 'relocate':
      return trans.__('Settling at its place');
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
