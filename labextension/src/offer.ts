import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import React from 'react';

import { errorBodyOf } from './api/request';
import type { IPlan, IProvider } from './api/types';
import {
  InstallOffer,
  type ITarget,
  type IUsable,
  type OfferState
} from './components/installoffer';
import { isOver } from './model/jobs';
import { termsOf } from './model/terms';
import type { IEnvironmentManager, IPlace } from './tokens';

/** The offer under one cell, and the job that it becomes. */
export class InstallOfferWidget extends ReactWidget {
  constructor(private readonly _offer: InstallOfferWidget.IOptions) {
    super();
    this.addClass('jp-EnvironmentOffer');
    // The keys of the notebook, such as Enter or A, are not for what stands here.
    this.node.dataset.lmSuppressShortcuts = 'true';
    _offer.manager.jobs.changed.connect(this._onJobs, this);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { module, providers, also, note, having, environment, trans } = this._offer;
    const { onRunAgain, onNewEnvironment, onUse } = this._offer;
    return React.createElement(InstallOffer, {
      module,
      providers,
      also,
      note,
      having,
      onUse: kernel => {
        onUse(kernel);
        this.dispose();
      },
      environment,
      state: this._state,
      onInstall: requirement => void this._install(requirement),
      onAgain: () => void this._install(this._requirement),
      terms: this._terms,
      onCancel: job => void this._offer.manager.jobs.cancel(job.id).catch(() => undefined),
      onRunAgain,
      onNewEnvironment,
      onDismiss: () => this.dispose(),
      trans
    });
  }

  private async _install(requirement: string): Promise<void> {
    const { manager, environment } = this._offer;
    if (!environment || this._state.kind === 'installing') {
      return;
    }
    this._requirement = requirement;
    try {
      const job = await manager.change(environment.id, {
        install: [requirement, ...(this._offer.also ?? [])],
        ...(environment.pipApart && { or_pip: true })
      });
      manager.jobs.setPlace(job.id, this._place);
      this._show({ kind: 'installing', job });
      this._onJobs();
    } catch (error) {
      this._show({ kind: 'offer', error: errorBodyOf(error) });
    }
  }

  private _onJobs(): void {
    if (this._state.kind !== 'installing') {
      return;
    }
    const { id } = this._state.job;
    const job = this._offer.manager.jobs.jobs.find(known => known.id === id);
    if (!job) {
      return;
    }
    if (!isOver(job)) {
      this._show({ kind: 'installing', job });
    } else if (job.state === 'succeeded') {
      const plan = job.result?.plan as IPlan | undefined;
      const changed = (plan?.changed ?? []).map(each => each.name);
      const warnings = plan?.warnings ?? [];
      this._show({ kind: 'done', name: this._requirement, changed, warnings });
    } else {
      this._show({ kind: 'offer', error: job.error });
    }
  }

  private _show(state: OfferState): void {
    if (!this.isDisposed) {
      this._state = state;
      this.update();
    }
  }

  /** Whether the user can see it now. */
  private get _isInView(): boolean {
    if (!this.isVisible) {
      return false;
    }
    const { top, bottom } = this.node.getBoundingClientRect();
    const frame = this.node.closest('.jp-Notebook')?.getBoundingClientRect();
    return !!frame && bottom > frame.top && top < frame.bottom;
  }

  private readonly _place: IPlace = {
    tells: () => this._isInView,
    // Gone with the cell's outputs: then the cell was run again.
    way: () =>
      this.isDisposed
        ? null
        : { label: this._offer.trans.__('Show the cell'), callback: this._offer.onShow }
  };
  private readonly _terms = termsOf(this._offer.manager);
  private _state: OfferState = { kind: 'offer', error: null };
  private _requirement = '';
}

export namespace InstallOfferWidget {
  export interface IOptions {
    manager: IEnvironmentManager;
    module: string;
    providers: ReadonlyArray<IProvider>;
    also?: ReadonlyArray<string>;
    note?: string;
    having: ReadonlyArray<IUsable>;
    /** The notebook is to run with this kernel. */
    onUse: (kernel: string) => void;
    environment: ITarget | null;
    /** Brings the cell into view. */
    onShow: () => void;
    onRunAgain: () => void;
    /** Another environment is wanted, with these packages. */
    onNewEnvironment: (packages: string[]) => void;
    trans: TranslationBundle;
  }
}
