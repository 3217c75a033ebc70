import type { ISessionContext } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import React from 'react';

import { MissingKernelBanner } from './components/banner';
import { environmentName, type ISavedKernel } from './model/notebook';

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
    const { panel, saved, trans, onRebuild, onCreate, onChoose } = this._missing;
    const { session, specsManager } = panel.sessionContext;
    const kernel = session?.kernel?.name;
    return React.createElement(MissingKernelBanner, {
      wanted: environmentName(saved),
      instead: kernel ? (specsManager.specs?.kernelspecs[kernel]?.display_name ?? kernel) : null,
      onRebuild,
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
    onRebuild: (() => void) | null;
    onCreate: () => void;
    onChoose: () => void;
  }
}
