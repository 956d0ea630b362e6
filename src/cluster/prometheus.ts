import { Fault } from '../base/fault.ts';
import { isObject } from '../model/value.ts';
import type { Cluster, KubernetesObject } from './cluster.ts';
import { getFromPod } from './pod-http.ts';
import { phaseOf, podsByLabels } from './pods.ts';

const LABELS = 'app.kubernetes.io/name=prometheus';
const PORT = 9090;

/** A pod of Prometheus that runs in a namespace; a Fault where there is none. */
export const findPrometheus = async (cluster: Cluster, namespace: string): Promise<KubernetesObject> => {
  const pod = (await podsByLabels(cluster, LABELS, namespace)).find((each) => phaseOf(each) === 'Running');
  if (pod !== undefined) return pod;
  throw new Fault(`no Prometheus runs in namespace "${namespace}"`, {
    kind: 'failure',
    code: 'NO_PROMETHEUS',
    hint: `name its namespace with --istio-namespace; its pods have the label ${LABELS}`,
  });
};

const refused = (query: string, why: string): Fault =>
  new Fault(`Prometheus does not answer ${query}: ${why}`, { kind: 'failure', code: 'PROMETHEUS_FAILED' });

const read = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** The first value of an instant query; undefined where no series fits, or the value is no number. */
export const queryPrometheus = async (
  cluster: Pick<Cluster, 'connect'>,
  { metadata: { name, namespace = '' } }: KubernetesObject,
  query: string,
): Promise<number | undefined> => {
  const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
  const { status, body } = await getFromPod(cluster, { namespace, name }, PORT, path);
  const answer = read(body);
  if (status !== 200 || !isObject(answer) || !isObject(answer['data'])) {
    const why = isObject(answer) && typeof answer['error'] === 'string' ? answer['error'] : `status ${status}`;
    throw refused(query, why);
  }
  const { result } = answer['data'];
  const first: unknown = Array.isArray(result) ? result[0] : undefined;
  const sample = isObject(first) && Array.isArray(first['value']) ? first['value'] : [];
  const value = Number(sample[1]);
  return Number.isFinite(value) ? value : undefined;
};
