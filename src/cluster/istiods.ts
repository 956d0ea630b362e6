import { Fault } from '../base/fault.ts';
import type { CallLimits, Cluster, KubernetesObject } from './cluster.ts';
import { getFromPod, type PodAnswer } from './pod-http.ts';
import { phaseOf, podsByLabels } from './pods.ts';

/** Which control planes are meant. */
export interface IstiodChoice {
  /** Where istiod runs. */
  readonly namespace: string;
  /** All revisions where absent. */
  readonly revision?: string | undefined;
  /** Labels of its pods, in Kubernetes' syntax, where they are not `app=istiod`. */
  readonly labels?: string | undefined;
}

/** The port for metrics and debug pages, unless the pod names another one to Prometheus. */
const MONITORING_PORT = 15_014;

/** Pods of istiod that run, the one worth asking first before the others. */
export const runningIstiods = async (
  cluster: Cluster,
  { namespace, revision, labels: own = 'app=istiod' }: IstiodChoice,
  limits: CallLimits = {},
): Promise<readonly KubernetesObject[]> => {
  const labels = revision === undefined ? own : `${own},istio.io/rev=${revision}`;
  const pods = await podsByLabels(cluster, labels, namespace, limits);
  return pods.filter((pod) => phaseOf(pod) === 'Running' && pod.metadata.deletionTimestamp === undefined);
};

/** The Fault of a mesh without a control plane that runs. */
export const noIstiod = ({ namespace, revision }: IstiodChoice): Fault =>
  new Fault(
    `no running Istio pods in namespace "${namespace}"${revision === undefined ? '' : ` of revision "${revision}"`}`,
    {
      kind: 'failure',
      code: 'NO_ISTIOD',
      hint: 'name the namespace of istiod with --istio-namespace, or see with heddle check why it does not run',
    },
  );

/** What istiod answers on its monitoring port, whatever its status. */
export const getMonitoring = (
  cluster: Pick<Cluster, 'connect'>,
  { metadata: { name, namespace = '', annotations } }: KubernetesObject,
  path: string,
  limits: CallLimits = {},
): Promise<PodAnswer> => {
  const port = Number(annotations?.['prometheus.io/port'] ?? MONITORING_PORT) || MONITORING_PORT;
  return getFromPod(cluster, { namespace, name }, port, path, limits);
};

/** The Fault of an istiod that answers, but not with what was asked for. */
export const istiodRefusal = (
  { metadata: { name, namespace } }: KubernetesObject,
  path: string,
  status: number,
): Fault =>
  new Fault(`istiod "${name}" in namespace "${namespace}" answers ${path} with ${status}`, {
    kind: 'failure',
    code: 'ISTIOD_REFUSED',
    hint: 'its log says why',
  });

/** What istiod answers on its monitoring port (`/version`, `/debug/syncz`); a Fault for any status but 200. */
export const askMonitoring = async (
  cluster: Pick<Cluster, 'connect'>,
  pod: KubernetesObject,
  path: string,
  limits: CallLimits = {},
): Promise<string> => {
  const { status, body } = await getMonitoring(cluster, pod, path, limits);
  if (status === 200) return body;
  throw istiodRefusal(pod, path, status);
};
