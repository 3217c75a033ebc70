import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import type { Terminal } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { terminalIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commands';
import { IEnvironmentManager } from '../tokens';

export const terminalPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:terminal',
  description: 'Opens a terminal in which an environment is active.',
  autoStart: true,
  requires: [IEnvironmentManager],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');

    /** The id of the environment that the user picks by name, or null. */
    const ask = async (): Promise<string | null> => {
      if (!manager.environments) {
        await manager.refresh();
      }
      const found = manager.environments ?? [];
      const names = found.map(each => each.name);
      if (names.length === 0) {
        Notification.info(trans.__('There is no environment to open a terminal in.'));
        return null;
      }
      const chosen = await InputDialog.getItem({
        title: trans.__('Open terminal in'),
        items: names,
        okLabel: trans.__('Open')
      });
      return chosen.button.accept ? (found[names.indexOf(chosen.value ?? '')]?.id ?? null) : null;
    };

    commands.addCommand(CommandIDs.openTerminal, {
      label: trans.__('Open Terminal in an Environment…'),
      caption: trans.__('A terminal in which the environment is active'),
      icon: terminalIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            id: {
              type: 'string',
              description: trans.__('The id of the environment; without it the user is asked')
            }
          }
        }
      },
      isEnabled: () =>
        serviceManager.terminals.isAvailable() && commands.hasCommand('terminal:open'),
      execute: async args => {
        const id = typeof args.id === 'string' ? args.id : await ask();
        if (id === null) {
          return;
        }
        try {
          const { shell, lines, adopted } = await manager.reads.activation(id);
          const line = lines.find(each => each.shell === shell) ?? lines[0];
          const session = await serviceManager.terminals.startNew();
          const { name } = session;
          // Nothing runs in an environment that others made: the user reads the line, and may press Enter.
          await type(session, line.command + (adopted ? '\r' : ''));
          session.dispose();
          return await commands.execute('terminal:open', { name });
        } catch (error) {
          Notification.error(
            trans.__('The terminal could not be opened. %1', (error as Error).message)
          );
        }
      }
    });
    palette?.addItem({ command: CommandIDs.openTerminal, category: trans.__('Environments') });
  }
};

/** How long a shell may take to show its prompt before it is typed to all the same. */
const PROMPT_MS = 3000;

/** Types `text` once the shell has said something, as then it is ready and echoes it where it belongs. */
async function type(session: Terminal.ITerminalConnection, text: string): Promise<void> {
  await heard(session);
  const echoed = heard(session);
  session.send({ type: 'stdin', content: [text] });
  // A connection that closes at once would take what was typed with it.
  await echoed;
}

/** Resolves with the next output of the terminal, or after a while without. */
function heard(session: Terminal.ITerminalConnection): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      window.clearTimeout(timer);
      session.messageReceived.disconnect(onMessage);
      resolve();
    };
    const onMessage = (_: unknown, message: Terminal.IMessage) => {
      if (message.type === 'stdout') {
        end();
      }
    };
    const timer = window.setTimeout(end, PROMPT_MS);
    session.messageReceived.connect(onMessage);
  });
}
