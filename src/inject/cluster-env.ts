import type { Plain } from '../yaml/plain.ts';
import { changeContainer, PROXY } from './containers.ts';
import { digText } from './image.ts';
import type { InjectablePod } from './pod.ts';

export const CLUSTER = 'ISTIO_META_CLUSTER_ID';
export const NETWORK = 'ISTIO_META_NETWORK';
const NETWORK_LABEL = 'topology.istio.io/network';

/** Cluster and network of a pod, and what else the webhook's path says, as environment of its proxy; what is not known is absent. */
export type ClusterEnv = Readonly<Record<string, string>>;

/** From the pod's label, else the webhook's path, else the Helm values in canonical form. */
export const clusterEnv = (values: Plain, pod: InjectablePod, ofPath: ClusterEnv): ClusterEnv => {
  const cluster = ofPath[CLUSTER] || digText(values, 'global', 'multiCluster', 'clusterName');
  const network = pod.metadata.labels?.[NETWORK_LABEL] ?? (ofPath[NETWORK] || digText(values, 'global', 'network'));
  return { ...ofPath, ...(cluster !== '' && { [CLUSTER]: cluster }), ...(network !== '' && { [NETWORK]: network }) };
};

/** Puts the proxy's cluster and network at the end of its environment, whatever the template said of them. */
export const setClusterEnv = (pod: InjectablePod, env: ClusterEnv): InjectablePod => {
  const names = Object.keys(env).sort();
  if (names.length === 0) return pod;
  return changeContainer(pod, PROXY, (proxy) => ({
    ...proxy,
    env: [
      ...(proxy.env ?? []).filter(({ name }) => !Object.hasOwn(env, name)),
      ...names.map((name) => ({ name, value: env[name] ?? '' })),
    ],
  }));
};

/** Labels the pod with its network where that is known. */
export const labelNetwork = (pod: InjectablePod, env: ClusterEnv): InjectablePod => {
  const network = env[NETWORK];
  if (network === undefined) return pod;
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [NETWORK_LABEL]: network } } };
};
