import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';

import { errorBodyOf } from '../api/request';
import type { IErrorBody, ITerms } from '../api/types';
import { channelsToAccept, type ITermsActions } from '../model/terms';
import { Asked } from './confirmation';
import { ErrorText } from './errortext';

export interface ITermsQuestionProps {
  channels: ReadonlyArray<string>;
  terms: ITermsActions;
  /** What goes on once they are accepted; absent where nothing waits for it. */
  onGoOn?: () => void;
  onKeep: () => void;
  /** Whether the user has just asked for what needs them, so that the focus may come here. */
  focus?: boolean;
  trans: TranslationBundle;
}

/** Asks once whether the user accepts the terms of channels, where something needs them. */
export function TermsQuestion(props: ITermsQuestionProps): JSX.Element {
  const { channels, terms, onGoOn, trans } = props;
  const [found, setFound] = useState<ReadonlyMap<string, ITerms>>(new Map());
  const [sending, setSending] = useState(false);
  const [done, setDone] = useState(false);
  const [error, setError] = useState<IErrorBody | null>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const read = useRef(terms.read);
  read.current = terms.read;
  const joined = channels.join('\n');
  useEffect(() => {
    if (props.focus) {
      keep.current?.focus();
    }
  }, [props.focus]);
  useEffect(() => {
    let gone = false;
    for (const channel of joined.split('\n')) {
      read.current(channel).then(
        list =>
          gone ||
          setFound(old => new Map([...old, ...list.map(known => [known.channel, known] as const)])),
        // The channel's name is enough to say no, and where its terms are the publisher tells.
        () => undefined
      );
    }
    return () => {
      gone = true;
    };
  }, [joined]);
  const accept = async () => {
    setSending(true);
    setError(null);
    try {
      await terms.accept(channels);
      setDone(true);
      onGoOn?.();
    } catch (reason) {
      setError(errorBodyOf(reason));
    }
    setSending(false);
  };
  if (done && !onGoOn) {
    return (
      <div className="jp-Environments-problem" data-severity="info" role="status">
        <span>{trans.__('The terms are accepted; now it can be asked for again.')}</span>
      </div>
    );
  }
  return (
    <Asked title={trans.__('Terms of use')} onKeep={props.onKeep}>
      <div role="status">
        <strong>
          {trans._n(
            'This channel may be used only under the terms of its publisher.',
            'These channels may be used only under the terms of their publisher.',
            channels.length
          )}
        </strong>{' '}
        {trans.__('Read them before you accept; you are asked once.')}
      </div>
      <ul className="jp-Environments-terms">
        {channels.map(channel => (
          <li key={channel}>
            <code>{channel}</code>
            <TermsLink terms={found.get(channel)} channel={channel} trans={trans} />
          </li>
        ))}
      </ul>
      {error && <ErrorText error={error} trans={trans} />}
      <div className="jp-Environments-buttons">
        <button type="button" ref={keep} className="jp-Environments-button" onClick={props.onKeep}>
          {trans.__('Not now')}
        </button>
        <button
          type="button"
          className="jp-Environments-button jp-mod-accept"
          disabled={sending}
          onClick={() => void accept()}
        >
          {onGoOn ? trans.__('Accept and continue') : trans.__('Accept')}
        </button>
      </div>
    </Asked>
  );
}

function TermsLink(props: {
  terms: ITerms | undefined;
  channel: string;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { terms, channel, trans } = props;
  // Only what a browser may open: the address comes from the settings of the server.
  return terms?.url && /^https?:\/\//.test(terms.url) ? (
    <a
      href={terms.url}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={trans.__('%1 of %2', terms.title, channel)}
    >
      {terms.title}
    </a>
  ) : null;
}

/** What went wrong; where that is terms that nobody has accepted yet, the question whether the user does. */
export function Refusal(props: {
  error: IErrorBody;
  terms: ITermsActions;
  /** Asks for the same again; absent where that is not known. */
  onGoOn?: () => void;
  focus?: boolean;
  trans: TranslationBundle;
  /** Buttons that go with it. */
  children?: React.ReactNode;
}): JSX.Element {
  const { error, trans } = props;
  const channels = channelsToAccept(error);
  const key = channels.join('\n');
  // Whoever said “Not now” to these is not asked again by the next look ahead.
  const [declined, setDeclined] = useState('');
  if (channels.length === 0) {
    return (
      <ErrorText error={error} onAdopted={props.onGoOn} trans={trans}>
        {props.children}
      </ErrorText>
    );
  }
  if (declined === key) {
    return (
      <ErrorText error={error} trans={trans}>
        <button type="button" className="jp-Environments-link" onClick={() => setDeclined('')}>
          {trans.__('Terms…')}
        </button>
        {props.children}
      </ErrorText>
    );
  }
  return (
    <TermsQuestion
      key={key}
      channels={channels}
      terms={props.terms}
      onGoOn={props.onGoOn}
      onKeep={() => setDeclined(key)}
      focus={props.focus}
      trans={trans}
    />
  );
}
