import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts';
import { noIstiod, runningIstiods } from '../../cluster/istiods.ts';
import { findPod, phaseOf, podsByLabels } from '../../cluster/pods.ts';

/** A page in a pod. */
interface Page {
  readonly port: number;
  /** Where its first page is. */
  readonly path: string;
}

/** Pages of what is installed beside Istio, found by labels of its pods. */
interface Addon extends Page {
  readonly labels: string;
}

const ADDONS: Readonly<Record<string, Addon>> = {
  grafana: { labels: 'app.kubernetes.io/name=grafana', port: 3000, path: '/' },
  jaeger: { labels: 'app=jaeger', port: 16_686, path: '/' },
  kiali: { labels: 'app=kiali', port: 20_001, path: '/kiali' },
  prometheus: { labels: 'app.kubernetes.io/name=prometheus', port: 9090, path: '/' },
  skywalking: { labels: 'app=skywalking-ui', port: 8080, path: '/' },
  zipkin: { labels: 'app=zipkin', port: 9411, path: '/' },
};

const ISTIOD_PAGES: Readonly<Record<string, Page>> = {
  controlz: { port: 9876, path: '/' },
  'istiod-debug': { port: 15_014, path: '/debug' },
};

const PROXY_PAGES = ['envoy', 'proxy'];

/** What can be opened. */
const DASHBOARDS = [...Object.keys(ADDONS), ...Object.keys(ISTIOD_PAGES), ...PROXY_PAGES].sort();

/** Which page of which pod is meant. */
interface Wanted {
  /** One of `DASHBOARDS`. */
  readonly name: string;
  /** `[TYPE/]NAME[.NAMESPACE]`; which of several istiods, or whose proxy. */
  readonly pod: string | undefined;
  readonly labels: string | undefined;
  readonly namespace: string | undefined;
  readonly istioNamespace: string;
  readonly revision: string | undefined;
  readonly proxyAdminPort: number;
  /** In place of the usual port. */
  readonly remotePort: number | undefined;
}

interface Target extends Page {
  readonly pod: KubernetesObject;
}

const failure = (code: string, message: string, hint: string): Fault =>
  new Fault(message, { kind: code === 'POD_NOT_FOUND' ? 'failure' : 'usage', code, hint });

const runningWith = async (
  cluster: Cluster,
  labels: string,
  namespaces: readonly string[],
): Promise<KubernetesObject> => {
  for (const namespace of new Set(namespaces)) {
    const pod = (await podsByLabels(cluster, labels, namespace)).find((each) => phaseOf(each) === 'Running');
    if (pod !== undefined) return pod;
  }
  throw failure(
    'POD_NOT_FOUND',
    `no pod with ${labels} runs in namespace ${[...new Set(namespaces)].join(' or ')}`,
    'install it, or name its namespace with -n',
  );
};

const anIstiod = async (
  cluster: Cluster,
  { pod, istioNamespace: namespace, revision, labels }: Wanted,
): Promise<KubernetesObject> => {
  if (pod !== undefined) return findPod(cluster, pod, namespace);
  const choice = { namespace, revision, labels: labels === undefined ? undefined : `${labels},app=istiod` };
  const [first] = await runningIstiods(cluster, choice);
  if (first === undefined) throw noIstiod(choice);
  return first;
};

/** Finds the pod of a dashboard; a Fault with the nearest name where there is no such dashboard or pod. */
export const findTarget = async (cluster: Cluster, wanted: Wanted): Promise<Target> => {
  const { name, pod, labels, namespace = cluster.namespace, istioNamespace, remotePort } = wanted;
  const addon = ADDONS[name];
  if (addon !== undefined)
    return {
      pod: await runningWith(cluster, labels ?? addon.labels, [istioNamespace, namespace]),
      port: remotePort ?? addon.port,
      path: addon.path,
    };
  const page = ISTIOD_PAGES[name];
  if (page !== undefined)
    return { pod: await anIstiod(cluster, wanted), port: remotePort ?? page.port, path: page.path };
  if (!PROXY_PAGES.includes(name)) {
    const near = suggest(name, DASHBOARDS);
    const hint = near === undefined ? `there are ${DASHBOARDS.join(', ')}` : `did you mean ${near}?`;
    throw failure('UNKNOWN_DASHBOARD', `there is no dashboard "${name}"`, hint);
  }
  if ((pod === undefined) === (labels === undefined))
    throw failure('WHICH_PROXY', `heddle dashboard ${name} wants a pod, or labels`, 'give a pod, or labels with -l');
  const found =
    pod === undefined ? await runningWith(cluster, labels ?? '', [namespace]) : await findPod(cluster, pod, namespace);
  return { pod: found, port: remotePort ?? wanted.proxyAdminPort, path: '/' };
};
