import { JobLog } from '../../src/api/log';
import { FakeServer, job } from '../server';

function line(seq: number): object {
  return { line: { seq, time: '', stream: 'out', text: `line ${seq}` } };
}

describe('JobLog', () => {
  let server: FakeServer;
  let log: JobLog;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new FakeServer();
    log = new JobLog(server.settings, 'j 1');
  });

  afterEach(() => {
    log.dispose();
    jest.useRealTimers();
  });

  it('asks for all lines, with the token where it must be in the address', () => {
    const url = new URL(server.sockets[0].url);
    expect(url.pathname).toBe('/user/a@b/jupyter-envs/jobs/j%201/log');
    expect(url.searchParams.get('since')).toBe('0');
    expect(url.searchParams.get('token')).toBe('secret');
  });

  it('goes on at the next line after a lost connection, and takes none twice', () => {
    const changed = jest.fn();
    log.changed.connect(changed);
    server.sockets[0].say(line(1));
    server.sockets[0].say(line(2));
    server.sockets[0].onclose?.();
    jest.advanceTimersByTime(1000);
    expect(new URL(server.sockets[1].url).searchParams.get('since')).toBe('2');
    server.sockets[1].say(line(2));
    server.sockets[1].say(line(3));
    expect(log.lines.map(each => each.seq)).toEqual([1, 2, 3]);
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it('waits longer each time that the server is away', () => {
    for (let n = 0; n < 4; n++) {
      server.sockets[n].onclose?.();
      jest.advanceTimersByTime(20000);
    }
    server.sockets[4].onclose?.();
    jest.advanceTimersByTime(7000);
    expect(server.sockets).toHaveLength(5);
    jest.advanceTimersByTime(2000);
    expect(server.sockets).toHaveLength(6);
  });

  it('closes at the end of the job and does not come back', () => {
    const [socket] = server.sockets;
    socket.say({ end: job({ state: 'succeeded' }) });
    expect(socket.closed).toBe(true);
    jest.advanceTimersByTime(60000);
    expect(server.sockets).toHaveLength(1);
  });

  it('closes its socket when disposed', () => {
    log.dispose();
    expect(server.sockets[0].closed).toBe(true);
    expect(log.isDisposed).toBe(true);
  });
});
