import { RequestError } from '../../src/api/request';
import type { IVersions } from '../../src/api/types';
import { Newest } from '../../src/model/newest';

describe('Newest', () => {
  let open: Map<string, { resolve: (v: IVersions) => void; reject: (e: unknown) => void }>;
  let newest: Newest;

  beforeEach(() => {
    open = new Map();
    newest = new Newest(
      name => new Promise((resolve, reject) => open.set(name, { resolve, reject }))
    );
  });

  async function answer(name: string, versions: string[]): Promise<void> {
    open.get(name)!.resolve({ name, versions, summary: null });
    await new Promise(resolve => setTimeout(resolve));
  }

  it('asks for four at a time, and for each once', async () => {
    newest.want(['a', 'b', 'c', 'd', 'e']);
    expect([...open.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(newest.get('a')).toBeNull();
    expect(newest.get('e')).toBeUndefined();
    await answer('a', ['2', '1']);
    expect(newest.get('a')).toEqual(['2', '1']);
    expect(open.has('e')).toBe(true);
    open.clear();
    newest.want(['a', 'b']);
    expect(open.size).toBe(0);
  });

  it('lets go of what nobody looks at any more', async () => {
    newest.want(['a', 'b', 'c', 'd', 'gone']);
    newest.want(['e']);
    await answer('a', []);
    expect(open.has('gone')).toBe(false);
    expect(open.has('e')).toBe(true);
  });

  it('takes a name that the index does not know for one without versions', async () => {
    newest.want(['a']);
    open.get('a')!.reject(new RequestError(404, { message: 'no', reason: 'x', hint: null }));
    await new Promise(resolve => setTimeout(resolve));
    expect(newest.get('a')).toEqual([]);
    expect(newest.failure).toBeNull();
  });

  it('stops when the index is away, and goes on when asked to', async () => {
    newest.want(['a', 'b', 'c', 'd', 'e']);
    open.get('a')!.reject(new RequestError(503, { message: 'away', reason: 'x', hint: null }));
    await new Promise(resolve => setTimeout(resolve));
    expect(newest.failure?.message).toBe('away');
    expect(open.has('e')).toBe(false);
    open.clear();
    newest.retry();
    expect([...open.keys()]).toContain('a');
  });
});
