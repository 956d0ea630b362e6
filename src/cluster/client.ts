import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
// The file, not the package: the package loads every generated API class, which no request here uses.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Fault } from '../base/fault.ts';
import { type Credential, createCredentials } from './credential-plugin.ts';
import { type Deadline, whenAborted } from './deadline.ts';
import { interruptedFault } from './errors.ts';
import { type ChosenContext, type Fields, textAt } from './kubeconfig.ts';
import { proxyFromEnv } from './proxy-env.ts';

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
type TlsFields = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

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

/** The context as the library reads it; what the library does not know is given in the terms it knows. */
const configure = ({ cluster, user, namespace }: ChosenContext, proxy: string | undefined): KubeConfig => {
  const { exec: _, tokenFile, token, ...known } = user;
  const ofFile = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
  const identity = textAt(user, 'tokenFile') === '' ? { token } : ofFile;
  // Without TLS there is nothing to verify, which the library wants to hear.
  const verification = cluster.server.startsWith('http:') ? { 'insecure-skip-tls-verify': true } : {};
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: 'cluster', cluster: { ...cluster, ...verification, 'proxy-url': proxy } }],
      users: [{ name: 'user', user: { ...known, ...identity } }],
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user', namespace } }],
      'current-context': 'context',
    }),
  );
  return config;
};

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

/** How both sides are known to each other; a plugin's certificate comes before the kubeconfig's. */
const tlsOf = (options: RequestOptions, credential: Credential | undefined): TlsFields => {
  const { ca, servername, rejectUnauthorized = true } = options;
  const { certificate = '', key } = credential ?? {};
  const own = certificate === '' ? { cert: options.cert, key: options.key } : { cert: certificate, key };
  const given = Object.entries({ ca, servername, ...own }).filter(([, value]) => value !== undefined);
  return { rejectUnauthorized, ...Object.fromEntries(given) };
};

/** A client of the context; nothing is connected, and no plugin run, until it is used. */
export const createClient = ({ chosen, impersonation, env }: ClientOptions): Client => {
  const { server } = chosen.cluster;
  const proxy = textAt(chosen.cluster, 'proxy-url') || proxyFromEnv(server, env);
  const config = configure(chosen, proxy);
  const credentials = createCredentials(chosen.user, env);
  const impersonationOfCalls = impersonationHeaders(impersonation, chosen.user);
  let current: { readonly certificate: string; readonly agent: HttpAgent } | undefined;

  /** One agent as long as the client's certificate stays the same; `proxying` is what the library made. */
  const agentFor = (tls: TlsFields, proxying: RequestOptions['agent']): HttpAgent => {
    const certificate = String(tls.cert ?? '');
    if (current?.certificate === certificate) return current.agent;
    const kept = { keepAlive: true, maxSockets: MOST_CONNECTIONS };
    const direct = server.startsWith('http:') ? new HttpAgent(kept) : new HttpsAgent({ ...kept, ...tls });
    const agent = proxy !== undefined && proxying instanceof HttpAgent ? proxying : direct;
    current = { certificate, agent };
    return agent;
  };

  return {
    context: chosen.context,
    server,
    namespace: chosen.namespace,
    transport: async (deadline) => {
      try {
        const credential = await credentials(deadline);
        const options: RequestOptions = {};
        await within(config.applyToHTTPSOptions(options), deadline);
        const { token = '' } = credential ?? {};
        const authorization = token === '' ? headersOf(options) : { Authorization: `Bearer ${token}` };
        const tls = tlsOf(options, credential);
        return { headers: { ...authorization, ...impersonationOfCalls }, agent: agentFor(tls, options.agent), tls };
      } catch (error) {
        throw credentialFault(chosen.context, error, deadline);
      }
    },
    close: () => current?.agent.destroy(),
  };
};
