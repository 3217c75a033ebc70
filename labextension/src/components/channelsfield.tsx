import type { TranslationBundle } from '@jupyterlab/translation';
import { caretLeftIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef, useState } from 'react';

import { moved, withChannels } from '../model/draft';
import { EntryChip } from './entrychip';
import { Field } from './formfields';
import { IconButton } from './iconbutton';

/** Where a channel goes, and whose button did it; the focus follows. */
interface IMove {
  channel: string;
  step: 1 | -1;
}

/**
 * Channels as chips in the order of their priority; Enter, a blank or a comma makes one.
 * They are moved by their buttons, by Alt and an arrow, or by dragging.
 */
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
  const root = useRef<HTMLDivElement>(null);
  const [last, setLast] = useState<IMove | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const several = channels.length > 1;

  useEffect(() => {
    if (last) {
      const chip = root.current?.querySelectorAll('[data-channel]')[channels.indexOf(last.channel)];
      const [same, other] = [last.step, -last.step].map(step =>
        chip?.querySelector<HTMLElement>(`[data-step="${step}"] button`)
      );
      (same ?? other)?.focus();
    }
    // Only a move takes the focus along.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [last]);

  const move = (channel: string, step: 1 | -1) => {
    const from = channels.indexOf(channel);
    const to = from + step;
    if (to >= 0 && to < channels.length) {
      onChange(moved(channels, from, to), draft);
      setLast({ channel, step });
    }
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (draft.trim() && event.key === 'Enter') {
      event.preventDefault();
      onChange(withChannels(channels, draft), '');
    } else if (!draft && event.key === 'Backspace' && channels.length > 0) {
      event.preventDefault();
      onChange(channels.slice(0, -1), channels[channels.length - 1]);
    }
  };

  /** On which side of a chip the dragged one would come to stand. */
  const place = (channel: string, at: number) =>
    dragged === null || over !== channel || dragged === channel
      ? undefined
      : channels.indexOf(dragged) < at
        ? 'after'
        : 'before';

  const chip = (channel: string, at: number) => (
    <span
      key={channel}
      className="jp-Environments-channel"
      data-channel={channel}
      data-dragged={dragged === channel || undefined}
      data-place={place(channel, at)}
      draggable={several}
      onDragStart={event => {
        event.dataTransfer.effectAllowed = 'move';
        // Firefox drags nothing without any data.
        event.dataTransfer.setData('text/plain', channel);
        setDragged(channel);
      }}
      onDragOver={event => {
        if (dragged !== null) {
          event.preventDefault();
          setOver(channel);
        }
      }}
      onDrop={event => {
        if (dragged !== null) {
          event.preventDefault();
          onChange(moved(channels, channels.indexOf(dragged), at), draft);
        }
      }}
      onDragEnd={() => {
        setDragged(null);
        setOver(null);
      }}
      onKeyDown={event => {
        const step = STEPS[event.key];
        if (event.altKey && step) {
          event.preventDefault();
          event.stopPropagation();
          move(channel, step);
        }
      }}
    >
      <EntryChip
        text={channel}
        short={shortened(channel)}
        title={channel}
        problem={null}
        onLeaveOut={() => {
          onChange([...channels.slice(0, at), ...channels.slice(at + 1)], draft);
          input.current?.focus();
        }}
        trans={trans}
      >
        {at > 0 && (
          <span data-step="-1">
            <IconButton
              icon={caretLeftIcon}
              label={trans.__('Move %1 before %2', channel, channels[at - 1])}
              onClick={() => move(channel, -1)}
            />
          </span>
        )}
        {at < channels.length - 1 && (
          <span data-step="1">
            <IconButton
              icon={caretRightIcon}
              label={trans.__('Move %1 after %2', channel, channels[at + 1])}
              onClick={() => move(channel, 1)}
            />
          </span>
        )}
      </EntryChip>
    </span>
  );

  return (
    <Field
      id={id}
      label={trans.__('Channels')}
      error={props.error}
      note={
        several
          ? trans.__('The first one wins: drag to reorder, or use the arrows.')
          : trans.__('Where packages come from; empty for those of .condarc.')
      }
    >
      <div ref={root} className="jp-Environments-chips" onClick={() => input.current?.focus()}>
        {channels.map(chip)}
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
      <div className="jp-sr-only" role="status">
        {last &&
          channels.includes(last.channel) &&
          trans.__(
            '%1 is number %2 of %3',
            last.channel,
            channels.indexOf(last.channel) + 1,
            channels.length
          )}
      </div>
    </Field>
  );
}

/** What tells addresses apart is their end. */
function shortened(channel: string): string {
  return channel.length > LONGEST ? `…${channel.slice(1 - LONGEST)}` : channel;
}

const LONGEST = 22;

const STEPS: { [key: string]: 1 | -1 | undefined } = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1
};
