import { channelsToAccept, unaccepted } from '../../src/model/terms';

const refused = { message: 'm', reason: 'terms', hint: null, field: 'channels' };

describe('channelsToAccept', () => {
  it('are those that the refusal names', () =>
    expect(channelsToAccept({ ...refused, detail: 'http://a/main\nhttp://a/r' })).toEqual([
      'http://a/main',
      'http://a/r'
    ]));

  it.each([
    null,
    { ...refused, reason: 'x', detail: 'http://a/main' },
    // What a client says, which asks by itself.
    { ...refused, field: null, detail: 'Terms of Service have not been accepted.' },
    { ...refused, detail: null }
  ])('are none of %p', error => expect(channelsToAccept(error)).toEqual([]));
});

describe('unaccepted', () => {
  const terms = { title: 'T', url: null };
  const read = async (channel?: string) => {
    if (channel === 'away') {
      throw new Error('offline');
    }
    return channel === undefined
      ? [{ ...terms, channel: 'http://a/main', accepted: null }]
      : [
          { ...terms, channel: 'http://a/main', accepted: null },
          { ...terms, channel: 'http://a/r', accepted: '2026-01-01T00:00:00Z' }
        ];
  };

  it.each([
    [['defaults'], ['http://a/main']],
    [[undefined, 'defaults'], ['http://a/main']],
    [['away'], []],
    [[], []]
  ])('of %p are %p', async (channels, wanted) =>
    expect(await unaccepted(channels, read)).toEqual(wanted)
  );
});
