import React from 'react';

/** Without a known whole the bar stays empty: it never moves only to move. */
export function ProgressBar(props: {
  fraction: number | null;
  label: string;
  text: string;
}): JSX.Element {
  const percent = props.fraction === null ? null : Math.round(props.fraction * 100);
  return (
    <div
      className="jp-Environments-bar"
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={props.text}
    >
      <div style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}
