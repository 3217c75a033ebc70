import React, { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

/** Rows drawn beyond the visible ones, so that a turn of the wheel meets no blank. */
const OVERSCAN = 8;

/** The height taken for the list before it is laid out. */
const FALLBACK_HEIGHT = 600;

export interface IVirtualListProps<T> {
  items: ReadonlyArray<T>;
  keyOf: (item: T) => string;
  /** The height in pixels before the row is measured. */
  estimate: (item: T) => number;
  renderItem: (item: T, index: number) => React.ReactNode;
  /** A row that is kept in the page, and in view when it changes; it may hold the focus. */
  activeKey: string | null;
  attributes: React.HTMLAttributes<HTMLDivElement>;
  /** Told the rows in view, those drawn beyond them left out, whenever they change. */
  onView?: (items: ReadonlyArray<T>) => void;
}

/** A list that draws only the rows in view, of whatever height each is. */
export function VirtualList<T>(props: IVirtualListProps<T>): JSX.Element {
  const { items, keyOf, estimate, activeKey } = props;
  const root = useRef<HTMLDivElement>(null);
  const rows = useRef(new Map<string, HTMLElement>());
  const heights = useRef(new Map<string, number>());
  const [measured, setMeasured] = useState(0);
  const [view, setView] = useState({ top: 0, height: FALLBACK_HEIGHT });

  const look = useCallback(() => {
    const node = root.current;
    if (node) {
      const next = { top: node.scrollTop, height: node.clientHeight || FALLBACK_HEIGHT };
      setView(old => (old.top === next.top && old.height === next.height ? old : next));
    }
  }, []);

  const offsets = useMemo(() => {
    const result = new Float64Array(items.length + 1);
    items.forEach((item, index) => {
      const height = heights.current.get(keyOf(item)) ?? estimate(item);
      result[index + 1] = result[index] + height;
    });
    return result;
    // `measured` stands for the content of `heights`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [items, keyOf, estimate, measured]);

  const first = Math.max(0, indexAt(offsets, view.top) - OVERSCAN);
  const last = Math.min(items.length, indexAt(offsets, view.top + view.height) + 1 + OVERSCAN);
  const active = activeKey === null ? -1 : items.findIndex(item => keyOf(item) === activeKey);
  const drawn: number[] = [];
  for (let index = first; index < last; index++) {
    drawn.push(index);
  }
  if (active >= 0 && active < first) {
    drawn.unshift(active);
  } else if (active >= last) {
    drawn.push(active);
  }

  const { onView } = props;
  const firstSeen = indexAt(offsets, view.top);
  const lastSeen = Math.min(items.length, indexAt(offsets, view.top + view.height) + 1);
  useEffect(() => {
    onView?.(items.slice(firstSeen, lastSeen));
  }, [onView, items, firstSeen, lastSeen]);

  // After each drawing; it ends once no height differs from the one known.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    let changed = false;
    for (const [key, node] of rows.current) {
      const height = node.offsetHeight;
      if (height > 0 && heights.current.get(key) !== height) {
        heights.current.set(key, height);
        changed = true;
      }
    }
    if (changed) {
      setMeasured(count => count + 1);
    }
  });

  useEffect(() => {
    look();
    if (typeof ResizeObserver === 'undefined' || !root.current) {
      return;
    }
    const observer = new ResizeObserver(look);
    observer.observe(root.current);
    return () => observer.disconnect();
  }, [look]);

  useLayoutEffect(() => {
    const node = root.current;
    if (!node || active < 0) {
      return;
    }
    if (offsets[active] < node.scrollTop) {
      node.scrollTop = offsets[active];
    } else if (offsets[active + 1] > node.scrollTop + node.clientHeight && node.clientHeight) {
      node.scrollTop = offsets[active + 1] - node.clientHeight;
    }
    // Only a new active row moves the list: scrolling away from it is the user's right.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [activeKey]);

  return (
    <div {...props.attributes} ref={root} onScroll={look}>
      <div role="presentation" style={{ position: 'relative', height: offsets[items.length] }}>
        {drawn.map(index => {
          const key = keyOf(items[index]);
          return (
            <div
              key={key}
              role="presentation"
              ref={node => {
                if (node) {
                  rows.current.set(key, node);
                } else {
                  rows.current.delete(key);
                }
              }}
              style={{ position: 'absolute', left: 0, right: 0, top: offsets[index] }}
            >
              {props.renderItem(items[index], index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The index of the row that holds `position`, by halving. */
function indexAt(offsets: Float64Array, position: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle + 1] <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
