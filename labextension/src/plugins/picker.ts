import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import {
  Dialog,
  ICommandPalette,
  ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IKernelSpecManager, type KernelSpec } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { CommandIDs } from '../commands';
import { KernelSwitches } from '../model/kernelswitches';
import { IEnvironmentManager } from '../tokens';

export const pickerPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:picker',
  description:
    'A new environment from the kernel picker and the Kernel menu, which becomes the kernel of the notebook.',
  autoStart: true,
  requires: [IEnvironmentManager, INotebookTracker],
  optional: [ISessionContextDialogs, IKernelSpecManager, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    notebooks: INotebookTracker,
    dialogs: ISessionContextDialogs | null,
    specs: KernelSpec.IManager | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_envs');

    const switches = new KernelSwitches({
      jobs: manager.jobs,
      storage: window.sessionStorage,
      onReady: (path, name) => {
        const panel = notebooks.find(known => known.context.path === path);
        if (!panel) {
          return false;
        }
        void (async () => {
          await specs?.refreshSpecs();
          await panel.sessionContext.changeKernel({ name });
        })();
        return true;
      }
    });
    // Who made an environment for a notebook goes on in it.
    const goOnIn = (path: string, job: string) =>
      manager.jobs.setPlace(job, {
        tells: () => false,
        way: () =>
          notebooks.find(known => known.context.path === path)?.isVisible
            ? null
            : {
                label: trans.__('Open %1', PathExt.basename(path)),
                callback: () => void commands.execute('docmanager:open', { path })
              }
      });
    switches.pending.forEach(goOnIn);
    notebooks.widgetAdded.connect(
      (_, panel) => void panel.context.ready.then(() => switches.look())
    );
    commands.addCommand(CommandIDs.useInNotebook, {
      label: trans.__('Use the New Environment in a Notebook'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            job: { type: 'string', description: trans.__('The job that makes the environment') },
            notebook: { type: 'string', description: trans.__('The path of the notebook') }
          },
          required: ['job', 'notebook']
        }
      },
      execute: args => {
        const [job, path] = [String(args.job), String(args.notebook)];
        goOnIn(path, job);
        switches.expect(job, path);
      }
    });

    commands.addCommand(CommandIDs.createForNotebook, {
      label: trans.__('New Environment for Notebook…'),
      caption: trans.__('Make an environment and run this notebook with it'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => notebooks.currentWidget !== null,
      execute: () => createFor(notebooks.currentWidget?.context.path)
    });
    notebooks.currentChanged.connect(() =>
      commands.notifyCommandChanged(CommandIDs.createForNotebook)
    );
    palette?.addItem({
      command: CommandIDs.createForNotebook,
      category: trans.__('Environments')
    });

    const createFor = (path: string | undefined): Promise<unknown> =>
      commands.execute(
        CommandIDs.create,
        path ? { notebook: path, name: PathExt.basename(path, PathExt.extname(path)) } : {}
      );

    if (dialogs) {
      addToPicker(dialogs, trans.__('New environment…'), translator ?? nullTranslator, context => {
        const panel = notebooks.find(known => known.sessionContext === context);
        return createFor(panel?.context.path);
      });
    }
  }
};

/** Gives the dialog that asks for a kernel a third button, called `label`, which leads to `create`. */
export function addToPicker(
  dialogs: ISessionContextDialogs,
  label: string,
  translator: ITranslator,
  create: (context: ISessionContext) => Promise<unknown>
): void {
  const original = dialogs.selectKernel.bind(dialogs);
  // The dialog is JupyterLab's, and so are its words in each language.
  const trans = translator.load('jupyterlab');

  dialogs.selectKernel = async context => {
    // What cannot start a kernel, such as a remote one, cannot use an environment either.
    if (context.isDisposed || context.kernelPreference.canStart === false) {
      return original(context);
    }
    const remember = context.kernelPreference.autoStartDefault;
    const newEnvironment = Dialog.createButton({
      label,
      className: 'jp-EnvironmentPicker-new',
      accept: false
    });
    const dialog = new Dialog<string>({
      title: trans.__('Select Kernel'),
      body: new KernelSelect(context, translator),
      buttons: [
        newEnvironment,
        Dialog.cancelButton({
          label: context.hasNoKernel ? context.kernelDisplayName : trans.__('Cancel')
        }),
        Dialog.okButton({ label: trans.__('Select'), ariaLabel: trans.__('Select Kernel') })
      ],
      defaultButton: 2,
      checkbox:
        typeof remember === 'boolean'
          ? {
              label: trans.__('Always start the preferred kernel'),
              caption: trans.__('Remember my choice and always start the preferred kernel'),
              checked: remember
            }
          : null
    });
    const result = await dialog.launch();
    if (context.isDisposed) {
      return;
    }
    if (result.button.className === newEnvironment.className) {
      await create(context);
      return;
    }
    if (!result.button.accept) {
      return;
    }
    if (typeof remember === 'boolean' && result.isChecked !== null) {
      context.kernelPreference = {
        ...context.kernelPreference,
        autoStartDefault: result.isChecked
      };
    }
    const chosen = JSON.parse(result.value ?? 'null');
    if (chosen) {
      await context.changeKernel(chosen);
    } else if (!context.hasNoKernel) {
      await context.shutdown();
    }
  };
}

/** The kernels to choose from, as JupyterLab groups them; its value is that of the chosen option. */
class KernelSelect extends Widget {
  constructor(context: ISessionContext, translator: ITranslator) {
    super();
    const trans = translator.load('jupyterlab');
    const label = this.node.appendChild(document.createElement('label'));
    label.textContent = `${trans.__('Select kernel for:')} "${context.name}"`;
    this._select = label.appendChild(document.createElement('select'));
    for (const group of SessionContextDialogs.kernelOptions(context, translator).groups) {
      const section = this._select.appendChild(document.createElement('optgroup'));
      section.label = group.label;
      for (const { text, title, value, selected } of group.options) {
        const option = section.appendChild(document.createElement('option'));
        Object.assign(option, { text, value, title: title ?? '', selected: selected ?? false });
      }
    }
  }

  getValue(): string {
    return this._select.value;
  }

  private readonly _select: HTMLSelectElement;
}
