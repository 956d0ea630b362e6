import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { CallLimits, Cluster, KubernetesObject } from '../../cluster/cluster.ts';
import { fromKubernetes } from '../../cluster/install/objects.ts';
import {
  askMonitoring,
  getMonitoring,
  type IstiodChoice,
  istiodRefusal,
  noIstiod,
  runningIstiods,
} from '../../cluster/istiods.ts';
import { phaseOf } from '../../cluster/pods.ts';
import { askIstiod } from '../../cluster/xds.ts';
import { readClientConfig } from '../../envoy/client-config.ts';
import { mergeProxies, type ProxySync } from '../../envoy/sync-state.ts';
import { readSyncz } from '../../envoy/syncz.ts';
import { proxyPods } from '../../install/mesh/proxies.ts';
import type { ConnectedProxy, LostProxy, SyncSource, WantedConfig } from './sync-source.ts';

/** How istiods are asked. */
export interface IstiodAccess extends IstiodChoice {
  /** Over XDS only, and how; otherwise over the debug port, and over XDS where that is closed. */
  readonly xds: { readonly port: number | undefined; readonly isPlaintext: boolean } | undefined;
  /** For each question. */
  readonly limits: CallLimits;
}

const AT_ONCE = 8;

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

const proxiesOf = async (
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

/** What every istiod gives, and the Faults of those that give nothing. */
const askAll = async <T>(pods: readonly KubernetesObject[], ask: (pod: KubernetesObject) => Promise<T>) => {
  const faults: Fault[] = [];
  const answers = await inParallel(pods, AT_ONCE, async (pod) => {
    try {
      return [await ask(pod)];
    } catch (error) {
      if (!(error instanceof Fault) || error.kind === 'interrupted') throw error;
      faults.push(error);
      return [];
    }
  });
  const [first] = faults;
  if (first !== undefined && faults.length === pods.length) throw first;
  return { answers: answers.flat(), faults };
};

/** Pods with a proxy; none where whoever asks may not list pods, since they are told of in addition. */
const podsWithProxy = async (cluster: Cluster, { revision, limits }: IstiodAccess): Promise<readonly LostProxy[]> => {
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, limits).catch((error: unknown) => {
    if (error instanceof Fault && error.kind === 'denied') return [];
    throw error;
  });
  const phases = new Map((pods ?? []).map((pod) => [`${pod.metadata.name}.${pod.metadata.namespace}`, phaseOf(pod)]));
  return proxyPods((pods ?? []).map(fromKubernetes))
    .filter((pod) => revision === undefined || pod.revision === revision)
    .map(({ name, namespace }) => ({ name: `${name}.${namespace}`, phase: phases.get(`${name}.${namespace}`) ?? '' }));
};

/** The istiods of a cluster, all at once. */
export const createClusterSource = (cluster: Cluster, access: IstiodAccess): SyncSource => {
  const istiods = async (): Promise<readonly KubernetesObject[]> => {
    const pods = await runningIstiods(cluster, access, access.limits);
    if (pods.length === 0) throw noIstiod(access);
    return pods;
  };

  return {
    report: async () => {
      const [{ answers, faults }, pods] = await Promise.all([
        istiods().then((found) =>
          askAll(found, async (pod): Promise<readonly ConnectedProxy[]> => {
            const proxies = await proxiesOf(cluster, pod, access);
            return proxies.map((proxy) => ({ ...proxy, istiod: pod.metadata.name }));
          }),
        ),
        podsWithProxy(cluster, access),
      ]);
      const proxies = mergeProxies(answers.flat());
      const connected = new Set(proxies.map(({ name }) => name));
      return { proxies, lost: pods.filter(({ name }) => !connected.has(name)), faults };
    },
    wantedBy: async (proxy) => {
      const path = `/debug/config_dump?proxyID=${encodeURIComponent(proxy)}`;
      const { answers, faults } = await askAll(await istiods(), async (pod): Promise<WantedConfig | undefined> => {
        const { status, body } = await getMonitoring(cluster, pod, path, access.limits);
        if (status === 404) return undefined;
        if (status === 200) return { istiod: pod.metadata.name, dump: body };
        throw istiodRefusal(pod, path, status);
      });
      const found = answers.find((answer) => answer !== undefined);
      // Whoever did not answer may be the one that knows it.
      if (found === undefined && faults[0] !== undefined) throw faults[0];
      return found;
    },
  };
};
