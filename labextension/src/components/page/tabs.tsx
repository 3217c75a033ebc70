import React from 'react';

export interface ITab<T extends string> {
  id: T;
  label: string;
  /** How many there are of what it lists; null tells nothing. */
  count: number | null;
  /** The count told as a mark that wants a look. */
  urgent?: boolean;
}

/** Tabs as the keyboard knows them: arrows, Home and End move and choose. */
export function Tabs<T extends string>(props: {
  /** What the ids of tabs and panels begin with. */
  prefix: string;
  label: string;
  tabs: ReadonlyArray<ITab<T>>;
  current: T;
  onChange: (id: T) => void;
}): JSX.Element {
  const { prefix, tabs, current, onChange } = props;
  const onKeyDown = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const at = tabs.findIndex(tab => tab.id === current);
    const to = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      onChange(tabs[to].id);
      document.getElementById(`${prefix}-tab-${tabs[to].id}`)?.focus();
    }
  };
  return (
    <div
      className="jp-EnvironmentPage-tabs"
      role="tablist"
      aria-label={props.label}
      onKeyDown={onKeyDown}
    >
      {tabs.map(tab => (
        <button
          key={tab.id}
          type="button"
          id={`${prefix}-tab-${tab.id}`}
          role="tab"
          aria-selected={tab.id === current}
          aria-controls={tab.id === current ? `${prefix}-panel-${tab.id}` : undefined}
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => onChange(tab.id)}
        >
          {tab.label}
          {tab.count !== null && (
            <span className="jp-EnvironmentPage-badge" data-urgent={tab.urgent || undefined}>
              {tab.count}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}
