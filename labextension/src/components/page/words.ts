import type { TranslationBundle } from '@jupyterlab/translation';

import type { IChange, ICreate, IJob, IPackage, IRevision } from '../../api/types';
import { sourceOf } from '../../model/packagelist';

/** How a job stands or ended. */
export function jobStateText(job: IJob, trans: TranslationBundle): string {
  switch (job.state) {
    case 'queued':
      return trans.__('waiting');
    case 'running':
      return trans.__('running');
    case 'succeeded':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
    case 'interrupted':
      return trans.__('interrupted');
  }
}

/** What a revision came from. */
export function actionText(revision: IRevision, trans: TranslationBundle): string {
  const { action, asked } = revision;
  switch (action) {
    case 'create':
      return trans.__('Created');
    case 'clone':
      return trans.__('Copied');
    case 'change':
      return trans.__('Packages changed');
    case 'rollback':
      return trans.__('Back to revision %1', asked.revision);
    case 'repair':
      return trans.__('Repaired');
    case 'kernel':
      return trans.__('Made a kernel');
    default:
      return action;
  }
}

export function byText(by: IRevision['by'], trans: TranslationBundle): string {
  switch (by) {
    case 'rest':
      return trans.__('in JupyterLab');
    case 'cli':
      return trans.__('on the command line');
    case 'magic':
      return trans.__('in a notebook');
    case 'outside':
      return trans.__('by another tool');
  }
}

/** What a change was asked to do: `install numpy, remove six`. */
export function askedText(revision: IRevision, trans: TranslationBundle): string {
  const {
    install,
    upgrade,
    remove,
    upgrade_all: all,
    python,
    packages,
    channels,
    pip_packages: byPip,
    pip_upgrade: newer
  } = revision.asked as IChange & ICreate;
  const parts = [
    python ? trans.__('Python %1', python) : '',
    packages?.length ? packages.join(', ') : '',
    install?.length ? trans.__('install %1', install.join(', ')) : '',
    upgrade?.length ? trans.__('upgrade %1', upgrade.join(', ')) : '',
    byPip?.length ? trans.__('%1 by pip', byPip.join(', ')) : '',
    newer?.length ? trans.__('upgrade %1 by pip', newer.join(', ')) : '',
    remove?.length ? trans.__('remove %1', remove.join(', ')) : '',
    all ? trans.__('upgrade everything') : '',
    channels?.length ? trans.__('from %1', channels.join(', ')) : ''
  ];
  return parts.filter(Boolean).join('; ');
}

export function sourceText(item: IPackage, trans: TranslationBundle): string {
  switch (sourceOf(item)) {
    case 'conda':
      return item.channel ?? trans.__('conda');
    case 'editable':
      return trans.__('editable');
    case 'url':
      return trans.__('URL');
    case 'pip':
      return trans.__('pip');
  }
}
