import type { IErrorBody, ITerms } from '../api/types';
import type { IEnvironmentManager, IReads } from '../tokens';

/** What can be done about the terms of channels. */
export interface ITermsActions {
  /** The terms of a channel, or of those of the settings; rejects with a RequestError. */
  read(channel?: string): Promise<ReadonlyArray<ITerms>>;
  /** The user has accepted those of `channels`; rejects with a RequestError. */
  accept(channels: ReadonlyArray<string>): Promise<void>;
}

/** What `manager` can do about terms. */
export function termsOf(
  manager: Pick<IEnvironmentManager, 'acceptTerms'> & { reads: Pick<IReads, 'terms'> }
): ITermsActions {
  return {
    read: channel => manager.reads.terms(channel),
    accept: channels => manager.acceptTerms(channels)
  };
}

/** The channels of which `error` says that their terms have to be accepted first; none of any other error. */
export function channelsToAccept(error: IErrorBody | null): ReadonlyArray<string> {
  // A client that is used in the place of the engine asks for itself, and names no channels.
  return error?.reason === 'terms' && error.field === 'channels'
    ? (error.detail ?? '').split('\n').filter(Boolean)
    : [];
}

/**
 * The channels that `channels` mean and whose terms nobody has accepted yet; undefined stands for
 * those of the settings. What cannot be told is left to the server, which refuses their use.
 */
export async function unaccepted(
  channels: ReadonlyArray<string | undefined>,
  read: ITermsActions['read']
): Promise<ReadonlyArray<string>> {
  const answers = await Promise.allSettled(channels.map(each => read(each)));
  const found = answers.flatMap(each => (each.status === 'fulfilled' ? each.value : []));
  const open = found.filter(terms => terms.accepted === null).map(terms => terms.channel);
  return [...new Set(open)];
}
