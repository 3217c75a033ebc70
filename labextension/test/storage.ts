/** A storage in memory, which a reload of the page leaves as it is. */
export class FakeStorage {
  getItem(key: string): string | null {
    return this._items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this._items.set(key, value);
  }

  private readonly _items = new Map<string, string>();
}
