/** The newest ones are kept. */
const MOST_KEPT = 100;

/** A set of ids that a reload of the page keeps, as far as the browser allows. */
export class StoredIds {
  constructor(
    private readonly _storage: Pick<Storage, 'getItem' | 'setItem'> | null = null,
    private readonly _key = ''
  ) {
    try {
      this._ids = new Set(JSON.parse(_storage?.getItem(_key) ?? '[]'));
    } catch {
      this._ids = new Set();
    }
  }

  get size(): number {
    return this._ids.size;
  }

  has(id: string): boolean {
    return this._ids.has(id);
  }

  add(id: string): void {
    if (!this._ids.has(id)) {
      this._ids.add(id);
      this._save();
    }
  }

  delete(id: string): void {
    if (this._ids.delete(id)) {
      this._save();
    }
  }

  private _save(): void {
    try {
      this._storage?.setItem(this._key, JSON.stringify([...this._ids].slice(-MOST_KEPT)));
    } catch {
      // A full or forbidden storage: a reload forgets, which costs no more than a notice.
    }
  }

  private readonly _ids: Set<string>;
}
