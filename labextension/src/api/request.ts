import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { IErrorBody, IExport } from './types';

/** The part of every path that is ours. */
const NAMESPACE = 'jupyter-envs';

/** A request that was refused, failed, or got no answer. */
export class RequestError extends Error implements IErrorBody {
  constructor(
    /** The HTTP status, or 0 when the server did not answer. */
    readonly status: number,
    body: IErrorBody
  ) {
    super(body.message);
    this.reason = body.reason;
    this.hint = body.hint ?? null;
    this.field = body.field ?? null;
    this.detail = body.detail ?? null;
    this.adopt = body.adopt ?? null;
  }

  readonly reason: string;
  readonly hint: string | null;
  readonly field: string | null;
  readonly detail: string | null;
  readonly adopt: string | null;
  agree?: () => Promise<unknown>;

  get offline(): boolean {
    return this.status === 0;
  }
}

/** What `error` says, whatever it is. */
export function errorBodyOf(error: unknown): IErrorBody {
  return error instanceof RequestError
    ? error
    : { message: messageOf(error), reason: 'error', hint: null };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The parts of an answer that callers read. */
export interface IAnswer<T> {
  status: number;
  /** Null when the server answered 304 or without a body. */
  body: T | null;
  etag: string | null;
}

/**
 * The address of `parts` below our namespace, each part escaped.
 *
 * @param base - the server's base URL, or its WebSocket URL
 */
export function address(base: string, ...parts: string[]): string {
  return URLExt.join(base, NAMESPACE, ...parts.map(encodeURIComponent));
}

/**
 * Sends one request and reads the JSON answer.
 *
 * @throws RequestError
 */
export async function request<T>(
  settings: ServerConnection.ISettings,
  url: string,
  init: RequestInit = {}
): Promise<IAnswer<T>> {
  const response = await send(settings, url, init);
  if (response.status === 304) {
    return { status: 304, body: null, etag: response.headers.get('ETag') };
  }
  const text = await response.text();
  const body = parse(text);
  if (!response.ok) {
    throw new RequestError(response.status, errorBody(response, body));
  }
  return { status: response.status, body: body as T | null, etag: response.headers.get('ETag') };
}

/**
 * Reads a file that the server names in `Content-Disposition`.
 *
 * @throws RequestError
 */
export async function requestFile(
  settings: ServerConnection.ISettings,
  url: string
): Promise<IExport> {
  const response = await send(settings, url, {});
  if (!response.ok) {
    throw new RequestError(response.status, errorBody(response, parse(await response.text())));
  }
  const filename = fileName(response.headers.get('Content-Disposition') ?? '');
  const archive = response.headers.get('Content-Type') === 'application/zip';
  const content = await response.blob();
  return { filename, text: archive ? '' : await content.text(), content };
}

async function send(
  settings: ServerConnection.ISettings,
  url: string,
  init: RequestInit
): Promise<Response> {
  try {
    return await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    throw new RequestError(0, {
      message: messageOf(error),
      reason: 'offline',
      hint: null
    });
  }
}

/** The name in a `Content-Disposition` (RFC 6266), the encoded form before the plain one. */
function fileName(disposition: string): string {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  const plain = /filename="?([^";]+)"?/i.exec(disposition);
  return (encoded && decodeURIComponent(encoded[1])) || plain?.[1] || 'environment.txt';
}

function parse(text: string): unknown {
  if (!text) {
    return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's error page, for one: the status tells more than its markup.
    return null;
  }
}

function errorBody(response: Response, body: unknown): IErrorBody {
  const found = (body ?? {}) as Partial<IErrorBody>;
  return {
    message: found.message || `${response.status} ${response.statusText}`.trim(),
    reason: found.reason || `http_${response.status}`,
    hint: found.hint ?? null,
    field: found.field ?? null,
    detail: found.detail ?? null,
    adopt: found.adopt ?? null
  };
}
