import type { LabIcon } from '@jupyterlab/ui-components';
import React, { useLayoutEffect, useRef, useState } from 'react';

export interface IMenuItem {
  label: string;
  disabled?: boolean;
  onClick: () => void;
}

export interface IMenuButtonProps {
  /** Name and tooltip. */
  label: string;
  icon: LabIcon;
  items: ReadonlyArray<IMenuItem>;
}

/** A button with a menu below it: arrows move, Escape closes, the button has the focus again. */
export function MenuButton(props: IMenuButtonProps): JSX.Element {
  const { label, icon, items } = props;
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useLayoutEffect(() => {
    if (open) {
      root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    }
  }, [open]);

  const toggle = () => setOpen(!open);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!open) {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        toggle();
      }
      return;
    }
    const nodes = Array.from(root.current!.querySelectorAll<HTMLElement>('[role="menuitem"]'));
    const at = nodes.indexOf(document.activeElement as HTMLElement);
    const to = {
      ArrowDown: (at + 1) % nodes.length,
      ArrowUp: (at + nodes.length - 1) % nodes.length,
      Home: 0,
      End: nodes.length - 1
    }[event.key];
    if (to !== undefined) {
      nodes[to]?.focus();
    } else if (event.key === 'Escape') {
      close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={root}
      className="jp-Environments-menuBox"
      onKeyDown={onKeyDown}
      onBlur={event => {
        if (!root.current?.contains(event.relatedTarget as Node | null)) {
          setOpen(false);
        }
      }}
    >
      <button
        ref={button}
        type="button"
        className="jp-Environments-iconButton"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={toggle}
      >
        <icon.react tag="span" elementPosition="center" height="16px" width="16px" />
      </button>
      {open && (
        <div className="jp-Environments-menu" role="menu" aria-label={label}>
          {items.map(item => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-disabled={item.disabled}
              onClick={() => {
                if (!item.disabled) {
                  close();
                  item.onClick();
                }
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
