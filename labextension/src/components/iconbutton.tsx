import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';

export interface IIconButtonProps {
  icon: LabIcon;
  /** Name and tooltip. */
  label: string;
  onClick: (node: HTMLElement) => void;
  /** Whether it opens a menu. */
  menu?: boolean;
  disabled?: boolean;
  tabIndex?: number;
}

/** A button that shows an icon alone; its label is its name. */
export function IconButton(props: IIconButtonProps): JSX.Element {
  const { icon, label, onClick, disabled, tabIndex } = props;
  return (
    <button
      type="button"
      className="jp-Environments-iconButton"
      aria-label={label}
      title={label}
      disabled={disabled}
      tabIndex={tabIndex}
      aria-haspopup={props.menu ? 'menu' : undefined}
      onClick={event => {
        // The row below a button has a click of its own.
        event.stopPropagation();
        onClick(event.currentTarget);
      }}
    >
      <icon.react tag="span" elementPosition="center" height="16px" width="16px" />
    </button>
  );
}
