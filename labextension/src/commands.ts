import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { layersIcon } from './icons';
import type { EnvironmentsPanel } from './panel';
import type { IEnvironmentManager } from './tokens';

export namespace CommandIDs {
  export const open = 'jupyter-envs:open-panel';
  export const create = 'jupyter-envs:new-environment';
  export const refresh = 'jupyter-envs:refresh';
  export const openPage = 'jupyter-envs:open-page';
  export const createForNotebook = 'jupyter-envs:new-for-notebook';
  export const showDisk = 'jupyter-envs:show-disk-usage';
  export const useInNotebook = 'jupyter-envs:use-in-notebook';
  export const record = 'jupyter-envs:record-in-notebook';
  export const rebuild = 'jupyter-envs:rebuild-for-notebook';
  export const openTerminal = 'jupyter-envs:open-terminal';
  export const newNotebook = 'jupyter-envs:new-notebook';
  export const rename = 'jupyter-envs:rename';
  export const displayName = 'jupyter-envs:set-display-name';
  export const clone = 'jupyter-envs:copy-environment';
  export const register = 'jupyter-envs:register-kernel';
  export const unregister = 'jupyter-envs:unregister-kernel';
  export const repair = 'jupyter-envs:repair';
  export const exportFile = 'jupyter-envs:export';
  export const copyActivation = 'jupyter-envs:copy-activation';
  export const remove = 'jupyter-envs:remove';
  export const openActive = 'jupyter-envs:open-active';
  export const terminalActive = 'jupyter-envs:terminal-active';
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Adds the commands of the panel, for palette, menus and other extensions. */
export function addCommands(
  app: JupyterFrontEnd,
  manager: IEnvironmentManager,
  panel: EnvironmentsPanel,
  trans: TranslationBundle
): void {
  const { commands, shell } = app;
  commands.addCommand(CommandIDs.open, {
    label: trans.__('Environments'),
    caption: trans.__('Show the environments and their kernels'),
    icon: layersIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => shell.activateById(panel.id)
  });
  commands.addCommand(CommandIDs.create, {
    label: trans.__('New Environment…'),
    caption: trans.__('Make an environment and offer it as a kernel'),
    icon: layersIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          name: { type: 'string', description: trans.__('A name to start from') },
          packages: {
            type: 'array',
            items: { type: 'string' },
            description: trans.__('Packages to start with')
          },
          notebook: {
            type: 'string',
            description: trans.__('The path of a notebook that is to run with it')
          }
        }
      }
    },
    execute: args => {
      panel.creation.open({
        name: text(args.name),
        notebook: text(args.notebook),
        packages: Array.isArray(args.packages) ? args.packages.map(String) : undefined
      });
      shell.activateById(panel.id);
    }
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Environments'),
    icon: refreshIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => manager.refresh(true)
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}
