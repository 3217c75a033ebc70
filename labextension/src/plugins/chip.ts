import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import React from 'react';

import { CommandIDs } from '../commands';
import { Chip } from '../components/chip';
import { KernelStarts } from '../model/kernelstarts';
import { chipState, savedKernel, type ChipState } from '../model/notebook';
import { IEnvironmentManager } from '../tokens';
import { followSetting } from './settings';

export const chipPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:chip',
  description: 'Shows the environment of a notebook’s kernel in the notebook’s toolbar.',
  autoStart: true,
  requires: [IEnvironmentManager, IToolbarWidgetRegistry],
  optional: [ISessionContextDialogs, ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentManager,
    toolbars: IToolbarWidgetRegistry,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ): void => {
    const { commands } = app;
    const chips = new Set<EnvironmentChip>();
    const starts = new KernelStarts({
      packages: id => manager.reads.packages(id),
      storage: window.localStorage
    });
    let wanted = true;
    toolbars.addFactory<NotebookPanel>('Notebook', 'jupyter-envs-chip', panel => {
      const chip = new EnvironmentChip({
        panel,
        manager,
        starts,
        trans: (translator ?? nullTranslator).load('jupyter_envs'),
        onOpen: state => {
          if (state.kind === 'missing' && dialogs) {
            void dialogs.selectKernel(panel.sessionContext);
          } else if ('environment' in state && commands.hasCommand(CommandIDs.openPage)) {
            void commands.execute(CommandIDs.openPage, { id: state.environment.id });
          } else {
            void commands.execute(CommandIDs.open);
          }
        },
        onRestart: () => void dialogs?.restart(panel.sessionContext)
      });
      chip.setHidden(!wanted);
      chips.add(chip);
      chip.disposed.connect(() => chips.delete(chip));
      return chip;
    });
    void followSetting(registry, 'chip', value => {
      wanted = value !== false;
      chips.forEach(chip => chip.setHidden(!wanted));
    });
  }
};

/** After these a kernel holds nothing of what it had loaded. */
const RESTARTS: ReadonlySet<Kernel.Status> = new Set<Kernel.Status>([
  'starting',
  'restarting',
  'autorestarting'
]);

/** The chip of one notebook: follows its kernel and the list of environments while it is seen. */
export class EnvironmentChip extends ReactWidget {
  constructor(private readonly _chip: EnvironmentChip.IOptions) {
    super();
    this.addClass('jp-EnvironmentChip');
    const { panel, manager } = _chip;
    const { sessionContext } = panel;
    sessionContext.kernelChanged.connect(this._look, this);
    sessionContext.statusChanged.connect(this._onStatus, this);
    sessionContext.specsManager.specsChanged.connect(this._look, this);
    manager.changed.connect(this._look, this);
    void panel.context.ready.then(() => this._look());
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._watch?.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { trans, onOpen, onRestart } = this._chip;
    const state = this._state;
    return React.createElement(Chip, { state, onOpen: () => onOpen(state), onRestart, trans });
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._follow();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._follow();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._follow();
  }

  protected onBeforeDetach(message: Message): void {
    this._watch?.dispose();
    this._watch = null;
    super.onBeforeDetach(message);
  }

  /** The list is asked for while the chip is seen, not for each notebook in the background. */
  private _follow(): void {
    if (this.isVisible) {
      this._watch ??= this._chip.manager.watch();
      this._look();
    } else {
      this._watch?.dispose();
      this._watch = null;
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    const kernel = this._kernel;
    if (kernel && RESTARTS.has(status)) {
      this._chip.starts.forget(kernel.id);
      this._packages = [];
      // What the list says now may be older than the restart.
      this._restarted = this._chip.manager.refresh().then(() => {
        this._restarted = null;
        this._look();
      });
    }
    this._look();
  }

  private _look(): void {
    const { panel, manager, starts } = this._chip;
    if (this.isDisposed || panel.isDisposed) {
      return;
    }
    const kernel = this._kernel;
    if (this._kernelId !== (kernel?.id ?? null)) {
      this._kernelId = kernel?.id ?? null;
      this._packages = [];
    }
    this._state = chipState({
      kernel: kernel?.name ?? null,
      specs: panel.sessionContext.specsManager.specs?.kernelspecs ?? null,
      environments: manager.environments,
      saved: panel.context.isReady ? savedKernel(panel.model?.getMetadata('kernelspec')) : null,
      packages: this._packages
    });
    this.update();
    const environment = 'environment' in this._state ? this._state.environment : null;
    if (kernel && environment?.state === 'ready' && !this._restarted && this.isVisible) {
      starts.changes(kernel.id, environment).then(
        packages => this._onCompared(kernel.id, packages),
        () => undefined // The next look asks again.
      );
    }
  }

  private _onCompared(kernelId: string, packages: ReadonlyArray<string>): void {
    if (this._kernelId === kernelId && packages.join() !== this._packages.join()) {
      this._packages = packages;
      this._look();
    }
  }

  private get _kernel(): Kernel.IKernelConnection | null {
    return this._chip.panel.sessionContext.session?.kernel ?? null;
  }

  private _state: ChipState = { kind: 'none' };
  private _kernelId: string | null = null;
  private _packages: ReadonlyArray<string> = [];
  private _restarted: Promise<void> | null = null;
  private _watch: IDisposable | null = null;
}

export namespace EnvironmentChip {
  export interface IOptions {
    panel: Pick<NotebookPanel, 'sessionContext' | 'context' | 'model' | 'isDisposed'>;
    manager: IEnvironmentManager;
    starts: KernelStarts;
    trans: TranslationBundle;
    onOpen: (state: ChipState) => void;
    onRestart: () => void;
  }
}
