import type { ServerConnection } from '@jupyterlab/services';

import { address, request, requestFile } from './request';
import type {
  IActivation,
  IChange,
  ICreate,
  IDisk,
  IEnvironmentBody,
  IExport,
  IFormat,
  IFound,
  IGoneKernel,
  IInspect,
  IInspected,
  IInterpreter,
  IPythonDownload,
  IJob,
  IManager,
  INotebookRecord,
  IPackage,
  IProblem,
  IProject,
  IProviders,
  IRebuild,
  IRevision,
  IRollback,
  ISource,
  ITerms,
  ITreeNode,
  IVersions
} from './types';
import type { IReads } from '../tokens';

/** One method a route; each rejects with a RequestError. */
export class Client implements IReads {
  constructor(readonly settings: ServerConnection.ISettings) {}

  /** `GET environments?refresh=`; null when nothing changed since the last call. */
  async environments(again = false): Promise<IEnvironmentBody[] | null> {
    const headers: HeadersInit = this._etag ? { 'If-None-Match': this._etag } : {};
    const answer = await request<{ environments: IEnvironmentBody[] }>(
      this.settings,
      this._url('environments') + refreshQuery(again),
      { headers }
    );
    if (answer.status === 304) {
      return null;
    }
    this._etag = answer.etag;
    return answer.body?.environments ?? [];
  }

  /** `GET projects?refresh=` */
  async projects(again = false): Promise<IProject[]> {
    const url = this._url('projects') + refreshQuery(again);
    return (await request<{ projects: IProject[] }>(this.settings, url)).body?.projects ?? [];
  }

  /** `POST projects/kernel`; with `lock` a lock file that is out of date is brought up to date */
  projectKernel(path: string, lock: boolean, adopt: Agreed = null): Promise<IJob> {
    return this._send('POST', adopting({ path, lock }, adopt), ['projects', 'kernel']);
  }

  /** `GET interpreters` */
  async interpreters(): Promise<IInterpreter[]> {
    const body = await this._get<{ interpreters: IInterpreter[] }>('interpreters');
    return body?.interpreters ?? [];
  }

  /** `GET interpreters?downloads=1` */
  async pythonDownloads(): Promise<IPythonDownload[]> {
    const url = this._url('interpreters') + '?downloads=1';
    return (
      (await request<{ downloads: IPythonDownload[] }>(this.settings, url)).body?.downloads ?? []
    );
  }

  /** `GET managers` */
  async managers(): Promise<IManager[]> {
    return (await this._get<{ managers: IManager[] }>('managers'))?.managers ?? [];
  }

  /** `POST environments` */
  create(body: ICreate): Promise<IJob> {
    return this._send('POST', body, 'environments');
  }

  /** `DELETE environments/{id}?force=` */
  remove(id: string, force: boolean): Promise<IJob> {
    return this._send('DELETE', null, ['environments', id], force ? '?force=true' : '');
  }

  /** `POST environments/{id}/kernel` */
  registerKernel(id: string, adopt: Agreed = null): Promise<IJob> {
    return this._send('POST', adopting({}, adopt), ['environments', id, 'kernel']);
  }

  /** `POST environments/{id}/repair` */
  repair(id: string, adopt: Agreed = null): Promise<IJob> {
    return this._send('POST', adopting({}, adopt), ['environments', id, 'repair']);
  }

  /** `POST environments/{id}/packages`; with `dryRun` the job's result is the plan alone */
  change(id: string, change: IChange, dryRun = false, adopt: Agreed = null): Promise<IJob> {
    const body = adopting({ ...change, dry_run: dryRun }, adopt);
    return this._send('POST', body, ['environments', id, 'packages']);
  }

  /** `PATCH environments/{id}` */
  update(
    id: string,
    names: { name?: string; display_name?: string },
    adopt: Agreed = null
  ): Promise<IJob> {
    return this._send('PATCH', adopting(names, adopt), ['environments', id]);
  }

  /** `POST environments/{id}/clone` */
  clone(id: string, name: string, adopt: Agreed = null): Promise<IJob> {
    return this._send('POST', adopting({ name }, adopt), ['environments', id, 'clone']);
  }

  /** `POST environments/{id}/rollback`; with `dryRun` the job's result is the plan alone */
  rollback(id: string, rollback: IRollback, dryRun = false, adopt: Agreed = null): Promise<IJob> {
    const body = adopting({ ...rollback, dry_run: dryRun }, adopt);
    return this._send('POST', body, ['environments', id, 'rollback']);
  }

  /** `DELETE environments/{id}/kernel` */
  async unregisterKernel(id: string): Promise<void> {
    await request(this.settings, this._url('environments', id, 'kernel'), { method: 'DELETE' });
  }

  /** `GET environments/{id}/packages` */
  async packages(id: string): Promise<IPackage[]> {
    const body = await this._get<{ packages: IPackage[] }>('environments', id, 'packages');
    return body?.packages ?? [];
  }

  /** `GET environments/{id}/tree` */
  async tree(id: string): Promise<ITreeNode[]> {
    return (await this._get<{ tree: ITreeNode[] }>('environments', id, 'tree'))?.tree ?? [];
  }

  /** `GET environments/{id}/history` */
  async history(id: string): Promise<IRevision[]> {
    const body = await this._get<{ revisions: IRevision[] }>('environments', id, 'history');
    return body?.revisions ?? [];
  }

  /** `GET environments/{id}/health` */
  async health(id: string): Promise<IProblem[]> {
    const body = await this._get<{ problems: IProblem[] }>('environments', id, 'health');
    return body?.problems ?? [];
  }

  /** `GET environments/{id}/notebook?place=` */
  async notebookRecord(id: string, place: string): Promise<INotebookRecord> {
    const query = `?${new URLSearchParams({ place })}`;
    const url = this._url('environments', id, 'notebook') + query;
    return (await request<INotebookRecord>(this.settings, url)).body as INotebookRecord;
  }

  /** `POST rebuild`; with `dryRun` the job's result tells what would be installed */
  rebuild(body: IRebuild, dryRun = false): Promise<IJob> {
    return this._send('POST', { ...body, dry_run: dryRun }, 'rebuild');
  }

  /** `GET formats` */
  async formats(): Promise<IFormat[]> {
    return (await this._get<{ formats: IFormat[] }>('formats'))?.formats ?? [];
  }

  /** `GET environments/{id}/export?format=` */
  exportAs(id: string, format: string): Promise<IExport> {
    const query = `?${new URLSearchParams({ format })}`;
    return requestFile(this.settings, this._url('environments', id, 'export') + query);
  }

  /** `GET search?q=&manager=&channel=&environment=` */
  async search(q: string, source: ISource = {}): Promise<IFound[]> {
    const url = `${this._url('search')}?${sourceQuery(source, { q })}`;
    return (await request<{ results: IFound[] }>(this.settings, url)).body?.results ?? [];
  }

  /** `GET search/{name}?manager=&channel=&environment=` */
  async versions(name: string, source: ISource = {}): Promise<IVersions> {
    const query = sourceQuery(source).toString();
    const url = this._url('search', name) + (query && `?${query}`);
    return (await request<IVersions>(this.settings, url)).body as IVersions;
  }

  /** `GET terms?channel=` */
  async terms(channel?: string): Promise<ITerms[]> {
    const query = channel === undefined ? '' : `?${sourceQuery({ channel })}`;
    const url = this._url('terms') + query;
    return (await request<{ terms: ITerms[] }>(this.settings, url)).body?.terms ?? [];
  }

  /** `POST terms` */
  async acceptTerms(channel: string): Promise<void> {
    await this._send('POST', { channel }, 'terms');
  }

  /** `GET modules/{module}`; `environment` is the id of the one that lacks it, `notebook` the path of who asks */
  async providers(module: string, environment?: string, notebook?: string): Promise<IProviders> {
    const known = Object.entries({ environment, notebook }).filter(([, value]) => value);
    const query = known.length > 0 ? `?${new URLSearchParams(known as string[][])}` : '';
    const { body } = await request<IProviders>(this.settings, this._url('modules', module) + query);
    return body as IProviders;
  }

  /** `GET environments/{id}/activation` */
  activation(id: string): Promise<IActivation> {
    return this._get<IActivation>('environments', id, 'activation') as Promise<IActivation>;
  }

  /** `POST inspect` */
  async inspect(body: IInspect): Promise<IInspected> {
    const answer = await request<IInspected>(this.settings, this._url('inspect'), {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' }
    });
    return answer.body as IInspected;
  }

  /** `GET disk` */
  disk(): Promise<IDisk> {
    return this._get<IDisk>('disk') as Promise<IDisk>;
  }

  /** `POST disk?refresh=` */
  countDisk(refresh: boolean): Promise<IJob> {
    return this._send('POST', {}, 'disk', refreshQuery(refresh));
  }

  /** `GET kernels/gone` */
  async goneKernels(): Promise<IGoneKernel[]> {
    return (await this._get<{ kernels: IGoneKernel[] }>('kernels', 'gone'))?.kernels ?? [];
  }

  /** `DELETE kernels/gone?unmounted=` */
  async pruneKernels(unmounted: boolean): Promise<void> {
    const url = this._url('kernels', 'gone') + (unmounted ? '?unmounted=true' : '');
    await request(this.settings, url, { method: 'DELETE' });
  }

  /** `DELETE cache?name=` */
  cleanCache(name: string): Promise<IJob> {
    return this._send('DELETE', null, 'cache', `?${new URLSearchParams({ name })}`);
  }

  /** `GET jobs` */
  async jobs(): Promise<IJob[]> {
    return (await this._get<{ jobs: IJob[] }>('jobs'))?.jobs ?? [];
  }

  /** `GET jobs/{id}` */
  job(id: string): Promise<IJob> {
    return this._get<IJob>('jobs', id) as Promise<IJob>;
  }

  /** `DELETE jobs/{id}` */
  cancel(id: string): Promise<IJob> {
    return this._send('DELETE', null, ['jobs', id]);
  }

  private async _get<T>(...parts: string[]): Promise<T | null> {
    return (await request<T>(this.settings, this._url(...parts))).body;
  }

  private async _send(
    method: string,
    body: object | null,
    path: string | string[],
    query = ''
  ): Promise<IJob> {
    const parts = typeof path === 'string' ? [path] : path;
    const init: RequestInit = { method };
    if (body) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    const answer = await request<IJob>(this.settings, this._url(...parts) + query, init);
    return answer.body as IJob;
  }

  private _url(...parts: string[]): string {
    return address(this.settings.baseUrl, ...parts);
  }

  private _etag: string | null = null;
}

/** The hash of what an environment of others would run, once the user agreed to that; null before. */
export type Agreed = string | null;

/** `body`, with the word that an environment of others may be adopted for it. */
function adopting(body: object, adopt: Agreed): object {
  return adopt === null ? body : { ...body, adopt };
}

function refreshQuery(refresh: boolean): string {
  return refresh ? '?refresh=true' : '';
}

/** The query that names `source`, a channel without what opens it: the server has that from its settings. */
function sourceQuery(source: ISource, more: Record<string, string> = {}): URLSearchParams {
  const { channel } = source;
  return new URLSearchParams({
    ...more,
    ...source,
    ...(channel === undefined ? {} : { channel: withoutSecret(channel) })
  });
}

/**
 * `channel` without user, password, token and query: URLs are written into the logs of servers.
 * A name or a path stays as it is.
 */
export function withoutSecret(channel: string): string {
  const parts = /^\s*([a-z][a-z0-9+.-]*:)?\/\/(.*)$/is.exec(channel);
  if (!parts) {
    return channel;
  }
  const [, scheme = '', rest] = parts;
  const end = rest.search(/[/?#\\]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  // A password may hold a slash that nobody has encoded.
  const whole = /^(\[[^\]]*\]|[^:@]*)(:\d*)?$/.test(authority) || authority.includes('@');
  const from = whole ? authority.lastIndexOf('@') : rest.lastIndexOf('@');
  const [place] = rest.slice(from + 1).split(/[?#]/);
  return `${scheme}//${place.replace(/\/t\/[^/]+/, '')}`;
}
