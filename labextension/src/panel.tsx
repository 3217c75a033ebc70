import { Clipboard } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { errorBodyOf } from './api/request';
import type { ICreate, IEnvironment, IErrorBody, IExport, IJob, IProject } from './api/types';
import type { IAsking } from './components/environmentlist';
import type { IRowActions } from './components/environmentrow';
import type { ILogWish } from './components/jobs';
import type { IAnswers } from './components/question';
import { jobTitle } from './components/jobtext';
import { EnvironmentsView } from './components/view';
import { FileDrop } from './filedrop';
import { layersIcon } from './icons';
import { Creation } from './model/creation';
import { LookupsBySource } from './model/lookups';
import { termsOf } from './model/terms';
import type { IEnvironmentManager, IEnvironmentsPanel, Question } from './tokens';

/** What the user set, as the schema has it. */
export interface IPanelOptions {
  grouped: boolean;
  confirmRemoval: boolean;
  /** Empty for the server's choice. */
  defaultManager: string;
}

/** The sidebar panel: hands the manager's state to the view, and the view's clicks to the manager. */
export class EnvironmentsPanel extends ReactWidget implements IEnvironmentsPanel {
  constructor(private readonly _panel: EnvironmentsPanel.IOptions) {
    super();
    const { manager, trans } = _panel;
    this.id = 'jupyter-envs-panel';
    this.addClass('jp-Environments');
    this.title.icon = layersIcon;
    this.title.caption = trans.__('Environments');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Environments'));
    this._lookups = new LookupsBySource(manager.reads);
    this.creation = new Creation({ ..._panel, reads: manager.reads });
    this.creation.changed.connect(this.update, this);
    this._drop = new FileDrop({
      node: this.node,
      contents: _panel.contents,
      onFiles: files => void this.creation.importFiles(files),
      onFolder: folder => void this.creation.importFolder(folder)
    });
    this._drop.changed.connect(this.update, this);
    manager.changed.connect(this._onChanged, this);
    manager.jobs.changed.connect(this._onChanged, this);
    manager.jobs.ended.connect(this._onJobEnded, this);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._watch?.dispose();
    this.creation.dispose();
    this._drop.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  /** The form for a new environment. */
  readonly creation: Creation;

  get active(): IEnvironment | null {
    const row = this.node.querySelector<HTMLElement>('.jp-Environments-item[tabindex="0"]');
    return this._find(row?.dataset.id);
  }

  set options(options: IPanelOptions) {
    this._options = options;
    this.update();
  }

  ask(environment: IEnvironment, question: Question): void {
    const running = this._panel.manager.running(environment);
    if (question === 'remove' && !this._options.confirmRemoval && running === 0) {
      this._answers.onRemove(environment);
      return;
    }
    this._show();
    this._asking = { id: environment.id, question };
    this.update();
  }

  act(environment: IEnvironment, action: 'register' | 'unregister' | 'repair'): void {
    const { manager } = this._panel;
    const { id, project, lock } = environment;
    const act = {
      // What a project's tool keeps is made as the project's lock file says.
      register: () =>
        project && lock ? manager.projectKernel(project) : manager.registerKernel(id),
      unregister: () => manager.unregisterKernel(id),
      repair: () => manager.repair(id)
    }[action];
    void this._settle(id, act());
  }

  showLog(job: IJob): void {
    this._show();
    this._logWish = { id: job.id };
    this.update();
  }

  protected render(): JSX.Element {
    const { manager, trans } = this._panel;
    const { creation } = this;
    return (
      <EnvironmentsView
        environments={manager.environments}
        projects={manager.projects}
        failure={manager.failure}
        jobs={manager.jobs.shown}
        runningOf={this._runningOf}
        grouped={this._options.grouped}
        manager={this._options.defaultManager}
        form={creation.form}
        dragging={this._drop.over}
        imported={creation.imported}
        asking={this._asking}
        errors={this._errors}
        logWish={this._logWish}
        announcement={this._announcement}
        actions={this._actions}
        answers={this._answers}
        lookups={this._lookups}
        loadInterpreters={() => manager.interpreters()}
        loadDownloads={() => manager.pythonDownloads()}
        loadManagers={() => manager.managers()}
        files={manager.reads}
        onRefresh={this._onRefresh}
        onMakeProject={this._onMakeProject}
        onShowDisk={this._panel.onShowDisk}
        onShowForm={show => (show ? creation.open() : this._hideForm())}
        onImport={files => void creation.importFiles(files)}
        onImportFolder={folder => void creation.importFolder(folder)}
        onParts={parts => void creation.chooseParts(parts)}
        onLeaveOut={() => creation.leaveOut()}
        onCreate={(request, inNotebook) => this._create(request, inNotebook)}
        onCancelJob={job => void refusal(manager.jobs.cancel(job.id))}
        onDismissJob={job => manager.jobs.dismiss(job.id)}
        againOf={this._againOf}
        terms={this._terms}
        watchLog={job => manager.jobs.watch(job.id)}
        trans={trans}
      />
    );
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._watch ??= this._panel.manager.watch();
    // What was heard while it was hidden is not drawn yet.
    MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._watch?.dispose();
    this._watch = null;
  }

  protected onActivateRequest(): void {
    const node = this.node;
    if (node.contains(document.activeElement)) {
      return;
    }
    const first =
      node.querySelector<HTMLElement>('form input') ??
      node.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]') ??
      node.querySelector<HTMLElement>('input, button');
    first?.focus();
  }

  private _show(): void {
    if (!this.isVisible) {
      this._panel.onShow();
    }
  }

  private async _create(request: ICreate, inNotebook: boolean): Promise<IErrorBody | null> {
    const sent = this._panel.manager.create(request);
    const refused = await refusal(sent);
    if (refused === null) {
      const path = this.creation.form?.notebook;
      this._hideForm();
      if (path && inNotebook) {
        this._panel.onCreateFor?.(await sent, path);
      }
    }
    return refused;
  }

  private _hideForm(): void {
    const focused = this.node.contains(document.activeElement);
    this.creation.close();
    // At once, so that the focus has a place to go to when its field is gone.
    MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
    if (focused) {
      void this.renderPromise?.then(() => this.onActivateRequest());
    }
  }

  /** Waits for the answer to a request; a refusal is shown in the row of `key`, the environment's id or the project's path. */
  private async _settle(key: string, sent: Promise<unknown>): Promise<void> {
    const refused = await refusal(sent);
    const errors = new Map(this._errors);
    errors.delete(key);
    if (refused) {
      errors.set(key, refused);
    }
    this._errors = errors;
    this._onChanged();
  }

  /** The question is answered; `sent` is what the answer led to. */
  private _answered(environment: IEnvironment, sent?: Promise<unknown>): void {
    this._asking = null;
    this._onChanged();
    if (sent) {
      void this._settle(environment.id, sent);
    }
  }

  private _onChanged(): void {
    // Hidden, it would draw rows that nobody sees.
    if (!this.isVisible) {
      return;
    }
    const isLoaded = this._panel.manager.environments !== null;
    if (isLoaded && !this._wasLoaded) {
      // The first rows do not wait for a frame of their own.
      this._wasLoaded = true;
      MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
    } else {
      this.update();
    }
  }

  private _onJobEnded(_: unknown, job: IJob): void {
    const { trans } = this._panel;
    const title = jobTitle(job);
    this._announcement =
      job.state === 'succeeded'
        ? trans.__('Done: %1', title)
        : trans.__('Not done: %1. %2', title, job.error?.message ?? '');
    this._onChanged();
  }

  private _find(id: string | undefined): IEnvironment | null {
    return this._panel.manager.environments?.find(known => known.id === id) ?? null;
  }

  private readonly _runningOf = (environment: IEnvironment): number =>
    this._panel.manager.running(environment);

  private readonly _onMakeProject = ({ path }: IProject, lock: boolean): void =>
    void this._settle(path, this._panel.manager.projectKernel(path, lock));

  private readonly _againOf = (job: IJob): (() => void) | null => {
    const { jobs } = this._panel.manager;
    const send = jobs.againOf(job.id);
    return (
      send &&
      (() => {
        jobs.dismiss(job.id);
        void this._settle(job.environment ?? '', send());
      })
    );
  };

  private readonly _terms = termsOf(this._panel.manager);

  private readonly _onRefresh = (): void => void this._panel.manager.refresh(true);

  private readonly _actions: IRowActions = {
    onOpen: environment => this._panel.onOpen(environment),
    onOpenNotebook: environment => this._panel.onOpenNotebook(environment),
    onRegisterKernel: environment => this.act(environment, 'register'),
    onRepair: environment => this.act(environment, 'repair'),
    onAskRemove: environment => this.ask(environment, 'remove'),
    onMenu: (_, node) => openMenu(node),
    onCopy: text => Clipboard.copyToSystem(text)
  };

  private readonly _answers: IAnswers = {
    onKeep: environment => this._answered(environment),
    onRemove: environment => {
      const { manager } = this._panel;
      // Who was told that kernels run and goes on means it.
      const force = manager.running(environment) > 0;
      this._answered(environment, manager.remove(environment.id, force));
    },
    onRename: (environment, name) =>
      this._answered(environment, this._panel.manager.update(environment.id, { name })),
    onDisplayName: (environment, displayName) =>
      this._answered(
        environment,
        this._panel.manager.update(environment.id, { display_name: displayName })
      ),
    onClone: (environment, name) =>
      this._answered(environment, this._panel.manager.clone(environment.id, name)),
    onExport: (environment, file) => {
      this._panel.onExport(file);
      this._answered(environment);
    }
  };

  private readonly _lookups: LookupsBySource;
  private readonly _drop: FileDrop;
  private _options: IPanelOptions = { grouped: true, confirmRemoval: true, defaultManager: '' };
  private _asking: IAsking | null = null;
  private _errors: ReadonlyMap<string, IErrorBody> = new Map();
  private _logWish: ILogWish | null = null;
  private _announcement = '';
  private _wasLoaded = false;
  private _watch: IDisposable | null = null;
}

/** As a right click below `node` would: whoever has a menu for it shows it there. */
function openMenu(node: HTMLElement): void {
  const { left, bottom } = node.getBoundingClientRect();
  const row = node.closest<HTMLElement>('.jp-Environments-item') ?? node;
  row.focus();
  row.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      view: window,
      clientX: left + 8,
      clientY: bottom
    })
  );
}

/** Null when `sent` was accepted, else what the server, or the lack of one, says. */
async function refusal(sent: Promise<unknown>): Promise<IErrorBody | null> {
  try {
    await sent;
    return null;
  } catch (error) {
    return errorBodyOf(error);
  }
}

export namespace EnvironmentsPanel {
  export interface IOptions extends Omit<Creation.IOptions, 'reads'> {
    manager: IEnvironmentManager;
    contents: FileDrop.IOptions['contents'];
    /** The panel has something to show: it comes to the front. */
    onShow: () => void;
    onOpen: (environment: IEnvironment) => void;
    /** Shows what everything takes on disk. */
    onShowDisk: () => void;
    onOpenNotebook: (environment: IEnvironment) => void;
    /** A file was read that the user wants to keep. */
    onExport: (file: IExport) => void;
    /** A job was begun whose environment is to be the kernel of the notebook at `path`. */
    onCreateFor?: (job: IJob, path: string) => void;
  }
}
