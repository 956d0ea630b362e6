import type { Impersonation } from './client.ts';
import type { Access, Cluster, ContainerRef, KubernetesVersion, LogOptions, TokenRequest } from './cluster.ts';
import { createDiscovery } from './discovery.ts';
import { notServedFault } from './errors.ts';
import { execute } from './exec.ts';
import { type ContextChoice, chooseContext, contextInPod, noKubeconfig } from './kubeconfig.ts';
import { createObjects } from './objects.ts';
import { kindName } from './paths.ts';
import { forwardPort } from './port-forward.ts';
import { type Connection, send, sendForText } from './request.ts';
import { watchKind } from './watch.ts';

export interface OpenOptions extends ContextChoice {
  readonly impersonation: Impersonation;
  /** The limit of a call that does not bring its own. */
  readonly timeoutMs: number;
  /** Ends every call. */
  readonly signal: AbortSignal;
  /** Name and version of the program, for the audit log of the API server. */
  readonly userAgent: string;
  /** One line per request: method, path and status, no secret. */
  readonly log: (line: string) => void;
}

/** `v1.SelfSubjectAccessReview` and `v1.TokenRequest`, as far as they are read. */
interface Reviewed {
  readonly status?: { readonly allowed?: boolean; readonly token?: string };
}

const podPath = (namespace: string, pod: string): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;

const textOrNothing = (value: number | boolean | string | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

const mayCall = ({ verb, group, resource, namespace }: Access) => {
  const [name, subresource] = resource.split('/');
  return {
    method: 'POST',
    action: `ask whether ${verb} of ${resource} is allowed`,
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource: name, subresource, namespace } },
    },
  } as const;
};

const tokenCall = ({ namespace, serviceAccount, audience, expirationSeconds }: TokenRequest) =>
  ({
    method: 'POST',
    action: `request a token for service account "${serviceAccount}" in namespace "${namespace}"`,
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(serviceAccount)}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [audience], expirationSeconds },
    },
  }) as const;

const logsCall = ({ namespace, pod, container }: ContainerRef, options: LogOptions) =>
  ({
    method: 'GET',
    action: `read the log of pod "${pod}" in namespace "${namespace}"`,
    path: `${podPath(namespace, pod)}/log`,
    query: {
      container,
      tailLines: textOrNothing(options.tailLines),
      sinceSeconds: textOrNothing(options.sinceSeconds),
      previous: textOrNothing(options.isPrevious),
    },
  }) as const;

const clusterOver = (connection: Connection): Cluster => {
  const { client } = connection;
  const discovery = createDiscovery(connection);
  return {
    context: client.context,
    server: client.server,
    namespace: client.namespace,
    version: async (limits) =>
      (await send(
        connection,
        { method: 'GET', action: 'ask for its version', path: '/version' },
        limits,
      )) as KubernetesVersion,
    ...discovery,
    ...createObjects(connection, discovery),
    watch: async function* (kind, options = {}) {
      const served = await discovery.served(kind, options);
      if (served === undefined) throw notServedFault(kindName(kind), client);
      yield* watchKind(connection, served, options);
    },
    may: async (access, limits) =>
      ((await send(connection, mayCall(access), limits)) as Reviewed).status?.allowed === true,
    token: async (request, limits) =>
      ((await send(connection, tokenCall(request), limits)) as Reviewed).status?.token ?? '',
    connect: (pod, port, limits) => forwardPort(connection, { ...pod, port }, limits),
    logs: (container, options = {}) => sendForText(connection, logsCall(container, options), options),
    exec: (container, command, limits) => execute(connection, container, command, limits),
    close: () => client.close(),
  };
};

/** Chooses a context and makes its cluster ready to be asked; nothing is connected before the first call. */
export const openCluster = async (options: OpenOptions): Promise<Cluster> => {
  const chosen = (await chooseContext(options)) ?? (await contextInPod(options.env));
  if (chosen === undefined) throw noKubeconfig(options);
  const { createClient } = await import('./client.ts');
  const client = createClient({ chosen, impersonation: options.impersonation, env: options.env });
  const { timeoutMs, signal, userAgent, log } = options;
  return clusterOver({ client, limits: { timeoutMs, signal }, userAgent, log });
};
