import { Fault } from '../../base/fault.ts';
import { matchesGlob } from '../../base/glob.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';

/** A container of a pod, as filters look at it. */
interface Candidate {
  readonly pod: KubernetesObject;
  readonly container: string;
}

/** Whether a container is meant. */
export type Filter = (candidate: Candidate) => boolean;

/** Of ReplicaSets that Deployments made, and of what is no Deployment's the owner itself. */
const deploymentOf = ({ metadata }: KubernetesObject): string => {
  const owners = metadata['ownerReferences'];
  const owner: unknown = Array.isArray(owners) ? owners[0] : undefined;
  const { kind, name } = (owner ?? {}) as { readonly kind?: unknown; readonly name?: unknown };
  if (typeof name !== 'string') return '';
  return kind === 'ReplicaSet' ? name.replace(/-[^-]+$/, '') : name;
};

const isAnyOf = (patterns: readonly string[], name: string): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matchesGlob(pattern, name));

const hasPair = (pairs: readonly string[], map: Readonly<Record<string, string>> = {}): boolean =>
  pairs.length === 0 ||
  pairs.some((pair) => {
    const at = pair.indexOf('=');
    const value = map[pair.slice(0, at)];
    return value !== undefined && matchesGlob(pair.slice(at + 1), value);
  });

const FORM = 'NAMESPACES/DEPLOYMENTS/PODS/LABELS/ANNOTATIONS/CONTAINERS';

const wrong = (flag: string, text: string, why: string): Fault =>
  new Fault(`${flag} wants ${FORM}, and "${text}" ${why}`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
    hint: `each part is a list with commas, and may be left out: ${flag} shop//web-*`,
  });

/** Reads one filter of `--include` or `--exclude`: parts all of which must fit, each a list of which one must; `*` is any text. */
const parseFilter = (flag: string, text: string): Filter => {
  const slots = text.split('/');
  if (slots.length > 6) throw wrong(flag, text, 'has more than six parts');
  const [namespaces = [], deployments = [], pods = [], labels = [], annotations = [], containers = []] = slots.map(
    (slot) => slot.split(',').filter((each) => each !== ''),
  );
  const bare = [...labels, ...annotations].find((pair) => !pair.includes('='));
  if (bare !== undefined) throw wrong(flag, text, `has "${bare}" where NAME=VALUE is wanted`);
  return ({ pod, container }) =>
    isAnyOf(namespaces, pod.metadata.namespace ?? '') &&
    isAnyOf(deployments, deploymentOf(pod)) &&
    isAnyOf(pods, pod.metadata.name) &&
    hasPair(labels, pod.metadata.labels) &&
    hasPair(annotations, pod.metadata.annotations) &&
    isAnyOf(containers, container);
};

/** Namespaces of Kubernetes itself, which no one asks about. */
const EXCLUDED = 'kube-node-lease,kube-public,kube-system,local-path-storage';

/** What is meant: by any filter of `include`, or everything without one, and by none of `exclude`. */
export const selectionOf = (include: readonly string[], exclude: readonly string[]): Filter => {
  const wanted = include.map((each) => parseFilter('--include', each));
  const unwanted = (exclude.length === 0 ? [EXCLUDED] : exclude).map((each) => parseFilter('--exclude', each));
  return (candidate) =>
    (wanted.length === 0 || wanted.some((fits) => fits(candidate))) && !unwanted.some((fits) => fits(candidate));
};
