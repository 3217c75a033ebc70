import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import React from 'react';

import { CommandIDs } from '../commands';
import { MissingKernelBanner } from '../components/banner';
import { environmentName, savedKernel, type ISavedKernel } from '../model/notebook';

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
      panel.contentHeader.addWidget(
        new MissingKernel({
          panel,
          saved,
          decided,
          trans,
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

/** The banner of one notebook; it goes when somebody decides, here or elsewhere. */
export class MissingKernel extends ReactWidget {
  constructor(private readonly _missing: MissingKernel.IOptions) {
    super();
    this.addClass('jp-EnvironmentBanner');
    const { sessionContext } = _missing.panel;
    sessionContext.specsManager.specsChanged.connect(this._onSpecs, this);
    void _missing.decided.then(() => {
      if (!this.isDisposed) {
        // Only now: a kernel that JupyterLab took by itself is nobody's decision.
        this.update();
        sessionContext.kernelChanged.connect(this._onKernel, this);
      }
    });
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { panel, saved, trans, onCreate, onChoose } = this._missing;
    const { session, specsManager } = panel.sessionContext;
    const kernel = session?.kernel?.name;
    return React.createElement(MissingKernelBanner, {
      wanted: environmentName(saved),
      instead: kernel ? (specsManager.specs?.kernelspecs[kernel]?.display_name ?? kernel) : null,
      onCreate,
      onChoose,
      onDismiss: () => this.dispose(),
      trans
    });
  }

  protected onUpdateRequest(message: Message): void {
    super.onUpdateRequest(message);
    void this.renderPromise?.then(() => this._fit());
  }

  protected onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this._fit();
  }

  /** The header above a notebook gives each widget its least height, which text that wraps does not tell. */
  private _fit(): void {
    const height = `${this.node.firstElementChild?.clientHeight ?? 0}px`;
    if (!this.isDisposed && this.node.style.minHeight !== height) {
      this.node.style.minHeight = height;
      this.parent?.fit();
    }
  }

  private _onKernel(context: ISessionContext): void {
    if (context.session?.kernel) {
      this.dispose();
    }
  }

  private _onSpecs(): void {
    const { panel, saved } = this._missing;
    if (panel.sessionContext.specsManager.specs?.kernelspecs[saved.name]) {
      this.dispose();
    }
  }
}

export namespace MissingKernel {
  export interface IOptions {
    panel: Pick<NotebookPanel, 'sessionContext'>;
    saved: ISavedKernel;
    /** Resolves when JupyterLab has done for the kernel what it does by itself. */
    decided: Promise<unknown>;
    trans: TranslationBundle;
    onCreate: () => void;
    onChoose: () => void;
  }
}
