import { caretDownIcon, type LabIcon } from '@jupyterlab/ui-components';
import React, { useLayoutEffect, useRef, useState } from 'react';

export interface IMenuItem {
  label: string;
  /** A second line. */
  caption?: string;
  disabled?: boolean;
  onClick: () => void;
}

export interface IMenuButtonProps {
  label: string;
  /** Shown in the place of the label. */
  icon?: LabIcon;
  items: ReadonlyArray<IMenuItem>;
  /** Shown while there are no items. */
  empty: string;
  disabled?: boolean;
  /** It is about to open: the items may be asked for now. */
  onOpen?: () => void;
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
  }, [open, items.length]);

  const toggle = () => {
    if (!open) {
      props.onOpen?.();
    }
    setOpen(!open);
  };
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
        className={icon ? 'jp-Environments-iconButton' : 'jp-Environments-button'}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={icon ? label : undefined}
        title={icon ? label : undefined}
        disabled={props.disabled}
        onClick={toggle}
      >
        {icon ? (
          <icon.react tag="span" elementPosition="center" height="16px" width="16px" />
        ) : (
          <>
            {label}
            <caretDownIcon.react tag="span" elementPosition="center" height="14px" width="14px" />
          </>
        )}
      </button>
      {open && (
        <div className="jp-Environments-menu" role="menu" aria-label={label}>
          {items.length === 0 && (
            <div role="menuitem" aria-disabled="true" tabIndex={-1}>
              {props.empty}
            </div>
          )}
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
              <span>{item.label}</span>
              {item.caption && <small>{item.caption}</small>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
