import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import React from 'react';

import { DiskView } from './components/disk';
import { layersIcon } from './icons';
import { DiskModel } from './model/disk';
import type { IEnvironmentManager } from './tokens';
import '../style/disk.css';

/** The page in the main area that tells what everything takes on disk. */
export class DiskPage extends ReactWidget {
  constructor(private readonly _page: DiskPage.IOptions) {
    super();
    const { manager, trans, onShow } = _page;
    this.model = new DiskModel({
      manager,
      place: {
        tells: () => this.isVisible,
        way: () =>
          this.isDisposed ? null : { label: trans.__('Show disk usage'), callback: onShow }
      }
    });
    this.addClass('jp-EnvironmentDisk');
    this.title.icon = layersIcon;
    this.title.label = trans.__('Disk Usage');
    this.title.closable = true;
    this.model.changed.connect(this.update, this);
  }

  readonly model: DiskModel;

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { model } = this;
    const { trans, onOpen } = this._page;
    return (
      <DiskView
        disk={model.disk}
        job={model.job}
        error={model.error}
        cleaned={model.cleaned}
        gone={model.gone.value ?? []}
        onPrune={unmounted => void model.prune(unmounted)}
        onCount={() => void model.count(true)}
        onCancel={job => model.cancel(job)}
        onClean={name => void model.clean(name)}
        onOpen={onOpen}
        onRetry={() => void model.show()}
        trans={trans}
      />
    );
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this.model.show();
    }
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.model.show();
  }

  protected onActivateRequest(): void {
    this.node.querySelector('button')?.focus();
  }
}

export namespace DiskPage {
  export interface IOptions {
    manager: IEnvironmentManager;
    /** Opens the page of an environment. */
    onOpen: (id: string) => void;
    /** Brings this page to the front. */
    onShow: () => void;
    trans: TranslationBundle;
  }
}
