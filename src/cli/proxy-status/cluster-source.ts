import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts';
import { getMonitoring, istiodRefusal, noIstiod, runningIstiods } from '../../cluster/istiods.ts';
import { mergeProxies } from '../../envoy/sync-state.ts';
import { askForProxies, type IstiodAccess } from './ask-for-proxies.ts';
import { podsWithProxy } from './pods-with-proxy.ts';
import type { ConnectedProxy, SyncSource, WantedConfig } from './sync-source.ts';

const AT_ONCE = 8;

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
            const proxies = await askForProxies(cluster, pod, access);
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
