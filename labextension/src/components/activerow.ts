import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** The row of a list that Tab reaches, and how it moves. */
export interface IActiveRow<T> {
  /** Null before one was chosen: then the first is the active one. */
  key: string | null;
  /** Undefined where there are no rows. */
  item: T | undefined;
  index: number;
  /** Makes the row the active one; the focus stays where it is. */
  set: (key: string) => void;
  /** Makes the row at the place the active one, with the focus. */
  move: (to: number) => void;
  /** The active row has the focus after the next drawing. */
  focusNext: () => void;
}

/**
 * Keeps which of `items` is active, also when others come and go.
 *
 * @param root - holds the rows, the active one with `tabindex` 0
 * @param role - the role of a row
 */
export function useActiveRow<T>(
  items: ReadonlyArray<T>,
  keyOf: (item: T) => string,
  root: RefObject<HTMLElement>,
  role: string
): IActiveRow<T> {
  const [key, setKey] = useState<string | null>(null);
  const moved = useRef(false);
  const lastIndex = useRef(0);
  // What was active may be gone: the row in its place takes over.
  let index = items.findIndex(item => keyOf(item) === key);
  if (index < 0) {
    index = Math.min(key === null ? 0 : lastIndex.current, items.length - 1);
  }
  lastIndex.current = index;
  const item = items[index] as T | undefined;

  // Before the drawing, so that the next key meets it.
  useLayoutEffect(() => {
    if (moved.current) {
      moved.current = false;
      root.current?.querySelector<HTMLElement>(`[role="${role}"][tabindex="0"]`)?.focus();
    }
  });

  const move = (to: number) => {
    const target = items[Math.max(0, Math.min(items.length - 1, to))] as T | undefined;
    // Where nothing is drawn anew, the focus must not be taken at a later drawing.
    if (target && target !== item) {
      moved.current = true;
      setKey(keyOf(target));
    }
  };
  const focusNext = useCallback(() => {
    moved.current = true;
  }, []);
  return { key, item, index, set: setKey, move, focusNext };
}

/** Where a key leads to from `index`, or undefined when it leads nowhere. */
export function rowAfter(key: string, index: number, count: number): number | undefined {
  return {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + PAGE_ROWS,
    PageUp: index - PAGE_ROWS,
    Home: 0,
    End: count - 1
  }[key];
}

const PAGE_ROWS = 10;

/** Whether a key was pressed on a row itself, and alone. */
export function isOnRow(event: React.KeyboardEvent, role: string): boolean {
  const onRow = (event.target as HTMLElement).getAttribute('role') === role;
  return onRow && !event.ctrlKey && !event.metaKey && !event.altKey;
}
