import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { placeOf } from '../model/carried';
import { environmentName, savedKernel } from '../model/notebook';

export const missingKernelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:missing-kernel',
  description: 'Says above a notebook that its kernel is not there, and what can be done.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const silenced = new WeakSet<ISessionContext>();

    const canRebuild = ({ model }: NotebookPanel): boolean =>
      !!model && app.commands.hasCommand(CommandIDs.rebuild) && placeOf(model.sharedModel) !== null;

    const check = async (panel: NotebookPanel): Promise<void> => {
      await panel.context.ready;
      // Before a kernel starts: its name takes the place of the one in the file.
      const saved = savedKernel(panel.model?.getMetadata('kernelspec'));
      const { sessionContext } = panel;
      if (!saved || sessionContext.kernelPreference.canStart === false) {
        return;
      }
      const decided = initialized(sessionContext);
      const { specsManager } = sessionContext;
      await specsManager.ready;
      if (panel.isDisposed || specsManager.specs?.kernelspecs[saved.name]) {
        return;
      }
      silenced.add(sessionContext);
      void decided.then(() => silenced.delete(sessionContext));
      const { MissingKernel } = await import('../missingkernel');
      if (panel.isDisposed) {
        return;
      }
      panel.contentHeader.addWidget(
        new MissingKernel({
          panel,
          saved,
          decided,
          trans,
          onRebuild: canRebuild(panel)
            ? () => void app.commands.execute(CommandIDs.rebuild, { notebook: panel.context.path })
            : null,
          onCreate: () =>
            void app.commands.execute(CommandIDs.create, {
              notebook: panel.context.path,
              name: environmentName(saved)
            }),
          onChoose: () => void dialogs?.selectKernel(sessionContext)
        })
      );
    };

    notebooks.widgetAdded.connect((_, panel) => void check(panel));
    if (dialogs) {
      keepBack(dialogs, silenced);
    }
  }
};

/** Resolves when JupyterLab has started a kernel for the document, or has found none to start. */
function initialized(context: ISessionContext): Promise<unknown> {
  if (context.isReady) {
    return Promise.resolve();
  }
  return new Promise(resolve => {
    const onPreference = () => {
      context.kernelPreferenceChanged.disconnect(onPreference);
      // The document asks for it next, and is to be the first to do so.
      void Promise.resolve().then(() => resolve(context.initialize()));
    };
    context.kernelPreferenceChanged.connect(onPreference);
  });
}

/** The banner says it all: the dialog that opens by itself for a notebook in `silenced` stays away, once. */
export function keepBack(
  dialogs: ISessionContextDialogs,
  silenced: WeakSet<ISessionContext>
): void {
  const original = dialogs.selectKernel.bind(dialogs);
  dialogs.selectKernel = async context => {
    if (!silenced.delete(context)) {
      await original(context);
    }
  };
}
