import type { IActivation, IPackage, IProblem, IRevision, ITreeNode } from '../api/types';
import type { IReads } from '../tokens';
import { Resource } from './resource';

export type TabId = 'packages' | 'overview' | 'history' | 'health' | 'jobs';

/** What the page of an environment reads from the server, each part when its tab is open. */
export class PageReads {
  constructor(reads: IReads, idOf: () => string, changed: () => void) {
    this.packages = new Resource(() => reads.packages(idOf()), changed);
    this.tree = new Resource(() => reads.tree(idOf()), changed);
    this.history = new Resource(() => reads.history(idOf()), changed);
    this.health = new Resource(() => reads.health(idOf()), changed);
    this.activation = new Resource(() => reads.activation(idOf()), changed);
  }

  readonly packages: Resource<ReadonlyArray<IPackage>>;
  readonly tree: Resource<ReadonlyArray<ITreeNode>>;
  readonly history: Resource<ReadonlyArray<IRevision>>;
  readonly health: Resource<ReadonlyArray<IProblem>>;
  readonly activation: Resource<IActivation>;

  /** Reads what `tab` shows, unless what is known is current. */
  want(tab: TabId): void {
    switch (tab) {
      case 'packages':
        this.packages.want();
        if (this._explaining) {
          this.tree.want();
        }
        break;
      case 'overview':
        this.activation.want();
        break;
      case 'history':
        this.history.want();
        break;
      case 'health':
        this.health.want();
        break;
      case 'jobs':
        break;
    }
  }

  /** Somebody asks why a package is there. */
  explain(): void {
    this._explaining = true;
    this.tree.want();
  }

  /** The packages may have changed. */
  spoil(): void {
    for (const resource of [this.packages, this.tree, this.history, this.health]) {
      resource.spoil();
    }
  }

  private _explaining = false;
}
