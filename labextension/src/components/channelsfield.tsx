import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useRef } from 'react';

import { withChannels } from '../model/draft';
import { EntryChip } from './entrychip';
import { Field } from './formfields';

/** Channels as chips in the order of their priority; Enter, a blank or a comma makes one. */
export function ChannelsField(props: {
  id: string;
  channels: ReadonlyArray<string>;
  /** What is typed and not a channel yet. */
  draft: string;
  error: string | null;
  onChange: (channels: ReadonlyArray<string>, draft: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, channels, draft, onChange, trans } = props;
  const input = useRef<HTMLInputElement>(null);

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (draft.trim() && event.key === 'Enter') {
      event.preventDefault();
      onChange(withChannels(channels, draft), '');
    } else if (!draft && event.key === 'Backspace' && channels.length > 0) {
      event.preventDefault();
      onChange(channels.slice(0, -1), channels[channels.length - 1]);
    }
  };

  return (
    <Field
      id={id}
      label={trans.__('Channels')}
      error={props.error}
      note={
        channels.length > 1
          ? trans.__('The first goes before the others.')
          : trans.__('Where packages come from; empty for those of .condarc.')
      }
    >
      <div className="jp-Environments-chips" onClick={() => input.current?.focus()}>
        {channels.map((channel, at) => (
          <EntryChip
            key={channel}
            text={channel}
            title={channel}
            problem={null}
            onLeaveOut={() => {
              onChange([...channels.slice(0, at), ...channels.slice(at + 1)], draft);
              input.current?.focus();
            }}
            trans={trans}
          />
        ))}
        <input
          id={id}
          ref={input}
          value={draft}
          autoComplete="off"
          spellCheck={false}
          aria-describedby={`${id}-note`}
          aria-invalid={Boolean(props.error)}
          placeholder={channels.length === 0 ? trans.__('Those of .condarc') : undefined}
          onChange={event => {
            const { value } = event.target;
            if (/[\s,]/.test(value)) {
              onChange(withChannels(channels, value), '');
            } else {
              onChange(channels, value);
            }
          }}
          onKeyDown={onKeyDown}
        />
      </div>
    </Field>
  );
}
