import { RequestError } from '../../src/api/request';
import type { IInspected, ISource } from '../../src/api/types';
import { LookupsBySource } from '../../src/model/lookups';

const missing = new RequestError(404, { message: 'no', reason: 'no_package', hint: null });

describe('LookupsBySource', () => {
  const asked: Array<[string, ISource | undefined]> = [];
  const reads = {
    search: async (q: string, source?: ISource) => {
      asked.push([q, source]);
      return [{ name: `${q}-x`, summary: null, source: 'channel' as const }];
    },
    versions: async (name: string, source?: ISource) => {
      asked.push([name, source]);
      if (source?.channel === 'empty') {
        throw missing;
      }
      return { name, versions: [source?.channel ?? 'any'], summary: null };
    },
    providers: async (module: string) => ({ module, distributions: [] })
  };
  let lookups: LookupsBySource;

  beforeEach(() => {
    asked.length = 0;
    lookups = new LookupsBySource(reads);
  });

  it('asks the index once', async () => {
    await lookups.index.versions('six');
    await lookups.index.versions('Six');
    expect(lookups.index.syntax).toBe('requirement');
    expect(asked).toEqual([['six', {}]]);
  });

  it('hands copied commands to the server', async () => {
    const sent: string[] = [];
    const inspect = async ({ text }: { text?: string }) => {
      sent.push(text ?? '');
      return {
        create: { manager: null, packages: ['six'] },
        warnings: ['told']
      } as unknown as IInspected;
    };
    const { index } = new LookupsBySource({ ...reads, inspect });
    expect(await index.commands!('$ pip3 install six')).toEqual({
      packages: ['six'],
      warnings: ['told']
    });
    expect(sent).toEqual(['$ pip3 install six']);
    expect(lookups.index.commands).toBeUndefined();
  });

  it('asks the channels of the settings by the manager', async () => {
    const found = lookups.ofChannels('conda');
    expect(found.syntax).toBe('matchspec');
    expect((await found.versions('six')).versions).toEqual(['any']);
    expect(asked).toEqual([['six', { manager: 'conda' }]]);
    expect(lookups.ofChannels('conda')).toBe(found);
  });

  it('asks for an environment by its id, and the server where that looks', async () => {
    const found = lookups.ofEnvironment('e1');
    await found.versions('six');
    expect(asked).toEqual([['six', { environment: 'e1' }]]);
    expect(lookups.ofEnvironment('e1')).toBe(found);
    expect(lookups.ofEnvironment('e2')).not.toBe(found);
  });

  it('takes the first channel that has the package', async () => {
    const found = lookups.ofChannels('conda', ['empty', 'full', 'last']);
    expect((await found.versions('six')).versions).toEqual(['full']);
    expect(asked.map(([, source]) => source?.channel)).toEqual(['empty', 'full']);
    expect(await found.search('a')).toHaveLength(1);
    await expect(lookups.ofChannels('conda', ['empty']).versions('six')).rejects.toBe(missing);
  });
});
