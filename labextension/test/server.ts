import { ServerConnection } from '@jupyterlab/services';

import type { IEnvironment, IInspected, IJob, IProject } from '../src/api/types';

type Handler = (request: Request) => Promise<Response> | Response;

/** A server in memory: answers what it was told to, and remembers what it was asked. */
export class FakeServer {
  readonly asked: Request[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly settings: ServerConnection.ISettings;

  constructor() {
    const { sockets } = this;
    this.settings = ServerConnection.makeSettings({
      baseUrl: 'http://localhost/user/a@b/',
      wsUrl: 'ws://localhost/user/a@b/',
      token: 'secret',
      appendToken: true,
      fetch: (input: RequestInfo | URL) => this._answer(input as Request),
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      } as unknown as typeof WebSocket
    });
  }

  /** Answers `METHOD path` below our namespace with `body`, or with what it returns. */
  on(route: string, body: object | Handler, status = 200): void {
    const handler = typeof body === 'function' ? body : () => json(body, status);
    this._routes.set(route, handler as Handler);
  }

  /** How often `METHOD path` was asked. */
  count(route: string): number {
    return this.asked.filter(request => routeOf(request) === route).length;
  }

  private async _answer(request: Request): Promise<Response> {
    this.asked.push(request.clone() as Request);
    const handler = this._routes.get(routeOf(request));
    return handler ? handler(request) : json({ message: 'no such route', reason: 'x' }, 404);
  }

  private readonly _routes = new Map<string, Handler>();
}

export class FakeSocket {
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly url: string) {}

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  close(): void {
    this.closed = true;
  }
}

export function json(body: object, status = 200, headers: HeadersInit = {}): Response {
  return new Response(status === 304 ? null : JSON.stringify(body), { status, headers });
}

function routeOf(request: Request): string {
  const url = new URL(request.url);
  return `${request.method} ${url.pathname.split('/jupyter-envs/')[1]}`;
}

export function environment(fields: Partial<IEnvironment> = {}): IEnvironment {
  const name = fields.name ?? 'thesis';
  return {
    id: `${name}-id`,
    name,
    manager: 'uv',
    kind: 'venv',
    prefix: `/data/envs/${name}`,
    python: { version: '3.12.1', implementation: 'CPython', path: '/p', base: '/b' },
    state: 'ready',
    managed: true,
    protected: false,
    project: null,
    kernels: [{ name: `k-${name}`, display_name: `Python (${name})`, language: 'python' }],
    created: '2026-01-01T00:00:00Z',
    modified: null,
    size: 412_000_000,
    package_count: 87,
    revision: 1,
    problems: [],
    can: {
      pip_apart: false,
      change: !fields.protected,
      clone: true,
      rename: fields.managed !== false && !fields.protected,
      rollback: !fields.protected,
      kernel: true,
      remove: !fields.protected
    },
    ...fields
  };
}

export function job(fields: Partial<IJob> = {}): IJob {
  return {
    id: 'j1',
    action: 'create',
    environment: null,
    state: 'running',
    progress: { phase: 'install', done: 41, total: 63, unit: 'packages', fraction: 0.65 },
    created: '2026-01-01T00:00:00Z',
    started: null,
    ended: null,
    result: null,
    error: null,
    title: 'Create nlp',
    ...fields
  };
}

export function inspected(fields: Partial<IInspected> = {}): IInspected {
  return {
    format: 'requirements.txt',
    filename: '',
    create: {},
    warnings: [],
    indexes: [],
    find_links: [],
    exact: false,
    python: null,
    requires_python: null,
    summary: { packages: 0, hashed: 0, constraints: 0, editable: 0, channels: 0 },
    extras: [],
    groups: [],
    ...fields
  };
}

export function project(fields: Partial<IProject> = {}): IProject {
  return {
    path: '/home/me/paper',
    name: 'paper',
    manager: 'poetry',
    lock: 'poetry.lock',
    locked: true,
    current: true,
    environment: null,
    available: true,
    reason: null,
    python: '>=3.11',
    ...fields
  };
}
