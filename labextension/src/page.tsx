import { Clipboard } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import React from 'react';

import { errorBodyOf } from './api/request';
import type { IEnvironment, IErrorBody, IJob } from './api/types';
import { download } from './components/download';
import { EnvironmentPageView, type IPageProps } from './components/page/view';
import { layersIcon } from './icons';
import { EnvironmentPageModel } from './model/environmentpage';
import type { Known } from './model/newest';
import { termsOf } from './model/terms';
import type { IEnvironmentManager } from './tokens';
import '../style/page.css';
import '../style/packages.css';
import '../style/changes.css';
import '../style/history.css';

/** The page of one environment in the main area: hands its model's state to the view, and clicks back. */
export class EnvironmentPage extends ReactWidget {
  constructor(private readonly _page: EnvironmentPage.IOptions) {
    super();
    const { manager, id, trans } = _page;
    this.model = new EnvironmentPageModel({ manager, id });
    this._id = id;
    this._actions = this._actionsOf();
    this.addClass('jp-EnvironmentPage');
    this.title.icon = layersIcon;
    this.title.label = trans.__('Environment');
    this.title.closable = true;
    this._read();
    this.model.changed.connect(this._onChanged, this);
    this.model.newest.changed.connect(this._onNewest, this);
  }

  readonly model: EnvironmentPageModel;

  /** The id of the environment changed with its name. */
  get renamed(): ISignal<this, void> {
    return this._renamed;
  }

  /** The user has done with a page whose environment is gone. */
  get closed(): ISignal<this, void> {
    return this._closed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { manager, trans } = this._page;
    const { model } = this;
    const { reads } = model;
    return (
      <EnvironmentPageView
        environment={model.environment}
        isGone={model.isGone}
        listFailure={manager.failure}
        running={model.running}
        takenNames={model.takenNames}
        tab={model.tab}
        packages={reads.packages}
        tree={reads.tree}
        history={reads.history}
        health={reads.health}
        files={manager.reads}
        activation={reads.activation}
        newest={this._newest}
        newestFailure={model.newest.failure}
        lookups={model.lookups}
        jobs={model.jobs}
        activeJob={model.activeJob}
        outcome={model.outcome}
        pending={model.pending}
        preview={model.preview}
        wayBack={model.wayBack}
        announcement={this._announcement}
        againOf={this._againOf}
        terms={this._terms}
        {...this._actions}
        trans={trans}
      />
    );
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // The first page of a tab area is not shown, it is there.
    if (this.isVisible) {
      this.model.show();
    }
  }

  protected onBeforeDetach(message: Message): void {
    super.onBeforeDetach(message);
    this.model.hide();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.show();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.hide();
  }

  protected onActivateRequest(): void {
    this.node.querySelector<HTMLElement>('[role="tab"][tabindex="0"]')?.focus();
  }

  private _onChanged(): void {
    this._read();
    if (this.isVisible) {
      this.update();
    }
  }

  private _onNewest(): void {
    // Another function, so that what was worked out with the old one is worked out again.
    this._newest = name => this.model.newest.get(name);
  }

  /** Name and id as they are now. */
  private _read(): void {
    const environment = this.model.environment;
    if (environment) {
      this.title.label = environment.name;
      this.title.caption = environment.prefix;
    }
    if (this.model.id !== this._id) {
      this._id = this.model.id;
      this._renamed.emit();
    }
  }

  private _say(text: string): void {
    this._announcement = text;
    this.update();
  }

  private _actionsOf(): EnvironmentPage.IActions {
    const { model } = this;
    const { manager, trans, onOpenNotebook, onOpenTerminal } = this._page;
    return {
      onTab: tab => model.show(tab),
      onPending: pending => model.setPending(pending),
      onApply: () => model.apply(),
      onLookBack: revision => model.lookBack(revision),
      onGoBack: () => model.goBack(),
      onDismiss: () => model.dismissOutcome(),
      onCancel: job => model.cancel(job),
      onExplain: () => model.reads.explain(),
      onWantNewest: names => model.newest.want(names),
      onRetryNewest: () => model.newest.retry(),
      onLookAgain: () => model.lookAgain(),
      onRetry: () => {
        void manager.refresh();
        model.reread();
      },
      onExport: file => {
        download(file);
        this._say(trans.__('Saved %1', file.filename));
      },
      onOpenNotebook: () =>
        attempt(async () => {
          const environment = model.environment!;
          onOpenNotebook(environment.kernels.length > 0 ? environment : await this._withKernel());
        }),
      onOpenTerminal:
        onOpenTerminal && (() => attempt(async () => onOpenTerminal(model.environment!))),
      onRename: name => model.update({ name }),
      onRenameKernel: displayName => model.update({ display_name: displayName }),
      onClone: name => model.clone(name),
      onRemove: () => model.remove(),
      onRegisterKernel: () => model.registerKernel(),
      onUnregisterKernel: () => model.unregisterKernel(),
      onRepair: () => model.repair(),
      onCopy: text => {
        Clipboard.copyToSystem(text);
        this._say(trans.__('Copied'));
      },
      onClose: () => this._closed.emit(),
      watchLog: job => manager.jobs.watch(job.id)
    };
  }

  /** The environment once it is offered as a kernel; rejects when it cannot be. */
  private async _withKernel(): Promise<IEnvironment> {
    const { manager } = this._page;
    const job = await manager.jobs.over(await manager.registerKernel(this.model.id));
    const environment = job.result?.environment as IEnvironment | undefined;
    if (job.state !== 'succeeded' || !environment?.kernels.length) {
      throw new Error(job.error?.message ?? job.state);
    }
    return environment;
  }

  private readonly _againOf = (job: IJob) => this.model.againOf(job);
  private readonly _terms = termsOf(this._page.manager);
  private readonly _actions: EnvironmentPage.IActions;
  private readonly _renamed = new Signal<this, void>(this);
  private readonly _closed = new Signal<this, void>(this);
  private _newest = (name: string): Known | undefined => this.model.newest.get(name);
  private _announcement = '';
  private _id: string;
}

/** Null when `act` went well, else what it says. */
async function attempt(act: () => Promise<void>): Promise<IErrorBody | null> {
  try {
    await act();
    return null;
  } catch (error) {
    return errorBodyOf(error);
  }
}

export namespace EnvironmentPage {
  /** What the view may ask for, the same functions for the life of the page. */
  export type IActions = Pick<IPageProps, Extract<keyof IPageProps, `on${string}` | 'watchLog'>>;

  export interface IOptions {
    manager: IEnvironmentManager;
    id: string;
    onOpenNotebook: (environment: IEnvironment) => void;
    /** Absent where there are no terminals. */
    onOpenTerminal?: (environment: IEnvironment) => void;
    trans: TranslationBundle;
  }
}
