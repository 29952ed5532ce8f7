// SPDX-License-Identifier: Apache-2.0
// Asks the server: an operation of docs/openapi.yaml with its path, query and body, all by the
// generated types. What the server refuses becomes a Problem (RFC 9457).
import type {components, paths} from './openapi';

export type Schemas = components['schemas'];
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, {responses: unknown}> ? P : never;
}[keyof paths];
type Operation<M extends Method, P extends PathOf<M>> = paths[P] extends Record<M, infer O>
  ? O : never;
type Json<R> = R extends {content: {'application/json': infer B}} ? B : undefined;
type Reply<O> = O extends {responses: infer R}
  ? R extends {200: infer A} ? Json<A> : R extends {201: infer A} ? Json<A>
    : R extends {202: infer A} ? Json<A> : undefined
  : never;

export interface Asked {
  path?: Record<string, string | number>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  ifMatch?: string;
  ifNoneMatch?: '*';
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  // Of a record: what a change that must not overwrite another one is sent with.
  etag: string | null;
}

interface FieldError {
  field: string;
  reason: string;
}

// What the server, or the way to it, refused. The status is 0 where there was no answer.
export class Problem extends Error {
  constructor(readonly status: number, detail: string, readonly errors: FieldError[] = [],
    readonly retryAfterS = 0) {
    super(detail);
    this.name = 'Problem';
  }

  // The reason that a field is refused with.
  of(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.reason;
  }
}

// Where the client begins; the server says so in the page's base.
export const home = new URL('.', document.baseURI);

export function addressOf(path: string, asked: Pick<Asked, 'path' | 'query'> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(asked.path?.[name] ?? '')));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return new URL(`api/v1${filled}${text ? `?${text}` : ''}`, home).href;
}

type Listener = () => void;
const signedOutListeners = new Set<Listener>();

// Calls `listener` whenever the server answers that nobody is signed in (any more).
export function onSignedOut(listener: Listener): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

async function readProblem(response: Response): Promise<Problem> {
  const retryAfterS = Number(response.headers.get('Retry-After') ?? 0);
  try {
    const document = await response.json() as Schemas['Problem'];
    return new Problem(response.status, document.detail, document.errors ?? [], retryAfterS);
  } catch {
    return new Problem(response.status, response.statusText, [], retryAfterS);
  }
}

export async function ask<M extends Method, P extends PathOf<M>>(method: M, path: P,
  asked: Asked = {}): Promise<Answer<Reply<Operation<M, P>>>> {
  const headers: Record<string, string> = {
    Accept: 'application/json', 'Accept-Language': document.documentElement.lang,
  };
  // A page of another site cannot send this header, so the server takes no change without it.
  if (method !== 'get') headers['X-Requested-With'] = 'lineward';
  if (asked.body !== undefined) headers['Content-Type'] = 'application/json';
  if (asked.ifMatch) headers['If-Match'] = asked.ifMatch;
  if (asked.ifNoneMatch) headers['If-None-Match'] = asked.ifNoneMatch;
  let response: Response;
  try {
    response = await fetch(addressOf(path as string, asked), {
      method: method.toUpperCase(), headers, signal: asked.signal,
      body: asked.body === undefined ? undefined : JSON.stringify(asked.body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'The server cannot be reached');
  }
  if (response.status === 401 && (path as string) !== '/session') {
    signedOutListeners.forEach((listener) => listener());
  }
  if (!response.ok) throw await readProblem(response);
  const data = response.status === 204 ? undefined : await response.json();
  return {data, etag: response.headers.get('ETag')};
}
