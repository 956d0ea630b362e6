import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
// The file, not the package: the package loads every generated API class, which no request here uses.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Fault } from '../base/fault.ts';
import { createCredentials } from './credential-plugin.ts';
import { type Deadline, whenAborted } from './deadline.ts';
import { interruptedFault } from './errors.ts';
import { type ChosenContext, type Fields, textAt } from './kubeconfig.ts';

/** Whom requests are made in the name of, beside who makes them: `--as`, `--as-uid`, `--as-group`. */
export interface Impersonation {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
}

/** What the transport of one request needs: who asks, and how the server is known. */
export interface Transport {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Keeps connections between requests. */
  readonly agent: HttpAgent;
  readonly tls: TlsFields;
}

/** How the server is verified, and the client's own certificate. */
export type TlsFields = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

/** One API server as one user of it. */
export interface Client {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
  transport(deadline: Deadline): Promise<Transport>;
  close(): void;
}

export interface ClientOptions {
  readonly chosen: ChosenContext;
  readonly impersonation: Impersonation;
  /** For credential plugins, and for HTTPS_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MOST_CONNECTIONS = 32;

/** The context as the library reads it; what the library does not know of a user is given in the terms it knows. */
const configure = (chosen: ChosenContext): KubeConfig => {
  const { exec: _, tokenFile, token, ...known } = chosen.user;
  const user =
    typeof tokenFile === 'string' && tokenFile !== ''
      ? { ...known, 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }
      : { ...known, ...(token === undefined ? {} : { token }) };
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [
        {
          name: 'cluster',
          // Without TLS there is nothing to verify, which the library wants to hear.
          cluster: { ...chosen.cluster, ...(chosen.cluster.server.startsWith('http:') ? SKIP : {}) },
        },
      ],
      users: [{ name: 'user', user }],
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user', namespace: chosen.namespace } }],
      'current-context': 'context',
    }),
  );
  return config;
};

const SKIP = { 'insecure-skip-tls-verify': true };

const impersonationHeaders = (flags: Impersonation, user: Fields): Transport['headers'] => {
  const isByFlags = flags.user !== '';
  const groups = isByFlags ? flags.groups : Array.isArray(user['as-groups']) ? user['as-groups'].map(String) : [];
  const name = isByFlags ? flags.user : textAt(user, 'as');
  const uid = isByFlags ? flags.uid : textAt(user, 'as-uid');
  return {
    ...(name === '' ? {} : { 'Impersonate-User': name }),
    ...(uid === '' ? {} : { 'Impersonate-Uid': uid }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
  };
};

const headersOf = (options: RequestOptions): Readonly<Record<string, string>> => {
  const given = new Map(Object.entries((options.headers ?? {}) as Readonly<Record<string, unknown>>));
  const authorization = given.get('Authorization');
  // A token out of a file may end with a line break, which no header can have.
  if (typeof authorization === 'string') return { Authorization: authorization.trim() };
  return typeof options.auth === 'string'
    ? { Authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` }
    : {};
};

const credentialFault = (context: string, cause: unknown, deadline: Deadline): Fault => {
  if (cause instanceof Fault) return cause;
  if (deadline.signal.aborted && !deadline.isTimeout()) return interruptedFault('get credentials');
  const why = cause instanceof Error ? cause.message : cause;
  return new Fault(`cannot use the credentials of context "${context}": ${why}`, {
    kind: 'config',
    code: 'KUBECONFIG_INVALID',
    hint: 'correct the user of the context in the kubeconfig, or log in to the cluster again',
    cause,
  });
};

/** Ends a wait that has no limit of its own with the call's. */
const within = async <T>(work: Promise<T>, { signal, timeoutMs }: Deadline): Promise<T> => {
  let forget = (): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    forget = whenAborted(signal, () => reject(new Error(`no credentials within ${timeoutMs / 1000}s`)));
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    forget();
  }
};

/** A client of the context; nothing is connected, and no plugin run, until it is used. */
export const createClient = ({ chosen, impersonation, env }: ClientOptions): Client => {
  const config = configure(chosen);
  const credentials = createCredentials(chosen.user, env);
  const impersonationOfCalls = impersonationHeaders(impersonation, chosen.user);
  const isPlain = chosen.cluster.server.startsWith('http:');
  let current: { readonly certificate: string; readonly agent: HttpAgent } | undefined;

  /** One agent as long as the client's certificate stays the same. */
  const agentFor = (tls: TlsFields, made: unknown): HttpAgent => {
    const certificate = String(tls.cert ?? '');
    if (current?.certificate === certificate) return current.agent;
    current?.agent.destroy();
    const kept = { keepAlive: true, maxSockets: MOST_CONNECTIONS };
    const direct = isPlain ? new HttpAgent(kept) : new HttpsAgent({ ...kept, ...tls });
    const agent = chosen.cluster['proxy-url'] === undefined ? direct : (made as HttpAgent);
    current = { certificate, agent };
    return agent;
  };

  return {
    context: chosen.context,
    server: chosen.cluster.server,
    namespace: chosen.namespace,
    transport: async (deadline) => {
      try {
        const credential = await credentials(deadline);
        const options: RequestOptions = {};
        await within(config.applyToHTTPSOptions(options), deadline);
        const { ca, servername, rejectUnauthorized = true } = options;
        const tls: TlsFields = {
          rejectUnauthorized,
          ...(ca === undefined ? {} : { ca }),
          ...(servername === undefined ? {} : { servername }),
          ...(options.cert === undefined ? {} : { cert: options.cert }),
          ...(options.key === undefined ? {} : { key: options.key }),
          ...(credential === undefined || credential.certificate === ''
            ? {}
            : { cert: credential.certificate, key: credential.key }),
        };
        const token =
          credential === undefined || credential.token === '' ? {} : { Authorization: `Bearer ${credential.token}` };
        return {
          headers: { ...headersOf(options), ...token, ...impersonationOfCalls },
          agent: agentFor(tls, options.agent),
          tls,
        };
      } catch (error) {
        throw credentialFault(chosen.context, error, deadline);
      }
    },
    close: () => current?.agent.destroy(),
  };
};
