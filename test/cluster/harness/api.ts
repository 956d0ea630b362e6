import { Agent, request } from 'node:https';
import { setTimeout as later } from 'node:timers/promises';
import type { KeyPair } from './keys.ts';

/** What an API server answered: its status, and its JSON or else text. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The API as the cluster's administrator, for what a test prepares and looks at: no part of heddle is involved. */
export interface Api {
  call(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** The object or list at a path; throws where there is none. */
  get<T>(path: string): Promise<T>;
  /** Throws where it is refused. */
  post<T>(path: string, object: unknown): Promise<T>;
  /** Server-side apply of the object at a path, which gives its name; throws where it is refused. */
  apply(path: string, object: { readonly metadata?: object; readonly [field: string]: unknown }): Promise<void>;
  close(): void;
}

const CALL_LIMIT_MS = 30_000;
const BUSY_MS = 100;
const BUSY_TURNS = 200;

/** Speaks with the API server on a loopback port. */
export const createApi = (port: number, ca: string, { certificate, key }: KeyPair): Api => {
  const agent = new Agent({ keepAlive: true, ca, cert: certificate, key });
  const call: Api['call'] = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': contentType };
      const options = { host: '127.0.0.1', port, method, path, agent, headers, timeout: CALL_LIMIT_MS };
      const outgoing = request(options, async (incoming) => {
        const text = (await incoming.setEncoding('utf8').toArray()).join('');
        const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false;
        resolve({ status: incoming.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
      });
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const succeed = async (method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> => {
    let answer = await call(method, path, body, contentType);
    // A kind whose definition is new or changed is not served for a moment.
    for (let turn = 0; answer.status === 429 && turn < BUSY_TURNS; turn++) {
      await later(BUSY_MS);
      answer = await call(method, path, body, contentType);
    }
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    call,
    get: async <T>(path: string) => (await succeed('GET', path)) as T,
    post: async <T>(path: string, object: unknown) => (await succeed('POST', path, object)) as T,
    apply: async (path, object) => {
      const named = { ...object, metadata: { ...object.metadata, name: path.split('/').at(-1) } };
      // JSON is YAML, which is what an apply patch is written in.
      await succeed('PATCH', `${path}?fieldManager=harness&force=true`, named, 'application/apply-patch+yaml');
    },
    close: () => agent.destroy(),
  };
};
