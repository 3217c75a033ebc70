import { Client, withoutSecret } from '../../src/api/client';
import { RequestError } from '../../src/api/request';
import { environment, FakeServer, job, json } from '../server';

describe('Client', () => {
  let server: FakeServer;
  let client: Client;

  beforeEach(() => {
    server = new FakeServer();
    client = new Client(server.settings);
  });

  it('keeps the base URL and escapes an id', async () => {
    server.on('DELETE environments/a%2F..%3Fb', job(), 202);
    await client.remove('a/..?b', true);
    const url = new URL(server.asked[0].url);
    expect(url.pathname).toBe('/user/a@b/jupyter-envs/environments/a%2F..%3Fb');
    expect(url.searchParams.get('force')).toBe('true');
  });

  it('sends a create request as JSON and returns its job', async () => {
    server.on('POST environments', job(), 202);
    const started = await client.create({ name: 'nlp', packages: ['torch'] });
    expect(started.id).toBe('j1');
    expect(await server.asked[0].json()).toEqual({ name: 'nlp', packages: ['torch'] });
    expect(server.asked[0].headers.get('Content-Type')).toBe('application/json');
  });

  it('asks with the ETag and tells an unchanged list by null', async () => {
    server.on('GET environments', request =>
      request.headers.get('If-None-Match') === '"1"'
        ? json({}, 304)
        : json({ environments: [environment()] }, 200, { ETag: '"1"' })
    );
    expect(await client.environments()).toHaveLength(1);
    expect(await client.environments()).toBeNull();
  });

  it('rejects with what the server says is wrong, and where', async () => {
    const body = { message: 'Taken.', reason: 'name_taken', hint: 'Another.', field: 'name' };
    server.on('POST environments', body, 409);
    const error = await client.create({ name: 'nlp' }).catch(e => e);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ ...body, status: 409, offline: false });
  });

  it('tells the status when the body is the page of a proxy', async () => {
    server.on('GET environments', () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(client.environments()).rejects.toMatchObject({ status: 502, reason: 'http_502' });
  });

  it('tells a server that does not answer', async () => {
    server.on('GET environments', () => Promise.reject(new TypeError('failed')));
    await expect(client.environments()).rejects.toMatchObject({ status: 0, offline: true });
  });

  it('sends no credentials of a channel in a URL', async () => {
    server.on('GET search', { results: [] });
    server.on('GET terms', { terms: [] });
    await client.search('numpy', { manager: 'conda', channel: 'https://me:pw@host/ch' });
    await client.terms('https://host/t/tk-1/ch');
    const sent = server.asked.map(request => new URL(request.url).searchParams.get('channel'));
    expect(sent).toEqual(['https://host/ch', 'https://host/ch']);
  });

  it.each([
    ['conda-forge', 'conda-forge'],
    ['/data/t/channel', '/data/t/channel'],
    ['https://host:8080/a@b', 'https://host:8080/a@b'],
    ['https://token@host/ch', 'https://host/ch'],
    ['https://me:p"w\\x@host/ch', 'https://host/ch'],
    ['https://me:p/w@host/ch', 'https://host/ch'],
    ['https://me:p@w@[::1]:8080/ch', 'https://[::1]:8080/ch'],
    ['HTTPS://ME:PW@münchen.example/ch?token=abc', 'HTTPS://münchen.example/ch'],
    ['https://host/x/t/tk-1/ch#abc', 'https://host/x/ch']
  ])('takes what opens a channel from %s', (channel, place) => {
    expect(withoutSecret(channel)).toBe(place);
  });
});
