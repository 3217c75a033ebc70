import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import {
  addIcon,
  closeIcon,
  copyIcon,
  downloadIcon,
  editIcon,
  type LabIcon,
  notebookIcon,
  terminalIcon
} from '@jupyterlab/ui-components';

import { errorBodyOf } from '../api/request';
import type { IEnvironment } from '../api/types';
import { CommandIDs } from '../commands';
import { layersIcon } from '../icons';
import { IEnvironmentManager, IEnvironmentsPanel } from '../tokens';

/** One entry of the menu; it is about the active row of the panel. */
interface IEntry {
  id: string;
  label: string;
  icon?: LabIcon;
  /** Whether it makes sense for the environment at all; by default it does. */
  visible?: (environment: IEnvironment) => boolean;
  /** Whether it can be done now. */
  enabled?: (environment: IEnvironment) => boolean;
  execute: (environment: IEnvironment) => unknown;
}

/** The places of the commands in menus, and their keys, are in the settings' schema. */
export const menuPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:menu',
  description: 'What can be done with an environment of the panel: context menu and keys.',
  autoStart: true,
  requires: [IEnvironmentManager, IEnvironmentsPanel],
  optional: [ITranslator, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    panel: IEnvironmentsPanel,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');

    const copyActivation = async ({ id }: IEnvironment): Promise<void> => {
      try {
        const { shell, lines } = await manager.reads.activation(id);
        const line = lines.find(each => each.shell === shell) ?? lines[0];
        Clipboard.copyToSystem(line.command);
        Notification.info(trans.__('Copied: %1', line.command), { autoClose: 4000 });
      } catch (error) {
        Notification.error(errorBodyOf(error).message, { autoClose: 4000 });
      }
    };

    const entries: IEntry[] = [
      {
        id: CommandIDs.openActive,
        label: trans.__('Open'),
        icon: layersIcon,
        visible: () => commands.hasCommand(CommandIDs.openPage),
        execute: ({ id }) => commands.execute(CommandIDs.openPage, { id })
      },
      {
        id: CommandIDs.newNotebook,
        label: trans.__('New Notebook'),
        icon: notebookIcon,
        enabled: isKernel,
        execute: ({ kernels }) =>
          commands.execute('notebook:create-new', {
            kernelName: kernels[0].name,
            cwd: browser?.model.path ?? ''
          })
      },
      {
        id: CommandIDs.terminalActive,
        label: trans.__('Open Terminal'),
        icon: terminalIcon,
        visible: () => commands.hasCommand(CommandIDs.openTerminal),
        enabled: ({ id, state }) =>
          state !== 'broken' && commands.isEnabled(CommandIDs.openTerminal, { id }),
        execute: ({ id }) => commands.execute(CommandIDs.openTerminal, { id })
      },
      {
        id: CommandIDs.copyActivation,
        label: trans.__('Copy Activation Command'),
        icon: copyIcon,
        enabled: ({ state }) => state !== 'broken',
        execute: copyActivation
      },
      {
        id: CommandIDs.rename,
        label: trans.__('Rename…'),
        icon: editIcon,
        enabled: ({ state, can }) => can.rename && state !== 'busy',
        execute: environment => panel.ask(environment, 'rename')
      },
      {
        id: CommandIDs.displayName,
        label: trans.__('Set Display Name…'),
        enabled: environment => isKernel(environment) && !environment.protected,
        execute: environment => panel.ask(environment, 'display-name')
      },
      {
        id: CommandIDs.clone,
        label: trans.__('Copy…'),
        enabled: ({ state, can }) => can.clone && state === 'ready',
        execute: environment => panel.ask(environment, 'clone')
      },
      {
        id: CommandIDs.exportFile,
        label: trans.__('Save as a File…'),
        icon: downloadIcon,
        enabled: ({ state }) => state !== 'broken',
        execute: environment => panel.ask(environment, 'export')
      },
      {
        id: CommandIDs.register,
        label: trans.__('Offer as a Kernel'),
        icon: addIcon,
        visible: ({ kernels, can }) => can.kernel && kernels.length === 0,
        enabled: ({ state }) => state === 'ready',
        execute: environment => panel.act(environment, 'register')
      },
      {
        id: CommandIDs.unregister,
        label: trans.__('Do Not Offer as a Kernel'),
        visible: ({ kernels }) => kernels.length > 0,
        enabled: ({ state }) => state !== 'busy',
        execute: environment => panel.act(environment, 'unregister')
      },
      {
        id: CommandIDs.repair,
        label: trans.__('Repair'),
        visible: ({ problems }) => problems.some(problem => problem.repair !== null),
        enabled: ({ state }) => state !== 'busy',
        execute: environment => panel.act(environment, 'repair')
      },
      {
        id: CommandIDs.remove,
        label: trans.__('Remove…'),
        icon: closeIcon,
        enabled: ({ state, can }) => can.remove && state !== 'busy',
        execute: environment => panel.ask(environment, 'remove')
      }
    ];

    for (const { id, label, icon, visible, enabled, execute } of entries) {
      const isVisible = () => {
        const environment = panel.active;
        return environment !== null && (visible?.(environment) ?? true);
      };
      commands.addCommand(id, {
        label: args => (args.isPalette ? trans.__('%1 (Selected Environment)', label) : label),
        icon: args => (args.isPalette ? undefined : icon),
        describedBy: { args: { type: 'object', properties: {} } },
        isVisible,
        isEnabled: () => isVisible() && (enabled?.(panel.active!) ?? true),
        execute: () => (panel.active ? execute(panel.active) : undefined)
      });
      palette?.addItem({
        command: id,
        category: trans.__('Environments'),
        args: { isPalette: true }
      });
    }
  }
};

function isKernel({ state, kernels }: IEnvironment): boolean {
  return state === 'ready' && kernels.length > 0;
}
