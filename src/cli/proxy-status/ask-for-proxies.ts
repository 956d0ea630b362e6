import { Fault } from '../../base/fault.ts';
import type { CallLimits, Cluster, KubernetesObject } from '../../cluster/cluster.ts';
import { askMonitoring, type IstiodChoice } from '../../cluster/istiods.ts';
import { askIstiod } from '../../cluster/xds.ts';
import { readClientConfig } from '../../envoy/client-config.ts';
import type { ProxySync } from '../../envoy/sync-state.ts';
import { readSyncz } from '../../envoy/syncz.ts';

/** How istiods are asked. */
export interface IstiodAccess extends IstiodChoice {
  /** Over XDS only, and how; otherwise over the debug port, and over XDS where that is closed. */
  readonly xds: { readonly port: number | undefined; readonly isPlaintext: boolean } | undefined;
  /** Where pods with a proxy are looked for; everywhere if absent. */
  readonly podNamespace: string | undefined;
  /** For each question. */
  readonly limits: CallLimits;
}

const overXds = async (
  cluster: Cluster,
  pod: KubernetesObject,
  access: IstiodAccess,
): Promise<readonly ProxySync[]> => {
  const { name, namespace = access.namespace } = pod.metadata;
  const { port, isPlaintext = false } = access.xds ?? {};
  const question = { typeUrl: 'istio.io/debug/syncz', isPlaintext, ...(port !== undefined && { port }) };
  const { resources } = await askIstiod(cluster, { name, namespace }, { ...question, ...access.limits });
  return resources.map(({ value }) => readClientConfig(value));
};

const overDebugPort = async (
  cluster: Cluster,
  pod: KubernetesObject,
  { limits }: IstiodAccess,
): Promise<readonly ProxySync[]> => {
  const proxies = readSyncz(await askMonitoring(cluster, pod, '/debug/syncz', limits));
  if (!('severity' in proxies)) return proxies;
  throw new Fault(`what istiod "${pod.metadata.name}" answers to /debug/syncz ${proxies.message}`, {
    kind: 'failure',
    code: proxies.code,
    hint: 'ask over XDS instead: --xds',
  });
};

/** Codes of a debug port that is closed or switched off, not of an istiod that is dead. */
const CLOSED = ['PORT_REFUSED', 'ISTIOD_REFUSED'];

/** The proxies connected to one istiod, by its debug port or by XDS. */
export const askForProxies = async (
  cluster: Cluster,
  pod: KubernetesObject,
  access: IstiodAccess,
): Promise<readonly ProxySync[]> => {
  if (access.xds !== undefined) return overXds(cluster, pod, access);
  try {
    return await overDebugPort(cluster, pod, access);
  } catch (error) {
    if (!(error instanceof Fault) || !CLOSED.includes(error.code)) throw error;
    // Where XDS does not answer either, the reason of the port that was meant is the better one.
    return overXds(cluster, pod, access).catch(() => Promise.reject(error));
  }
};
