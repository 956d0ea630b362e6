import type { SidecarDecision } from '../model/pod.ts';
import { decideInjection, type InjectorPolicy, isInjectionRequired } from '../model/sidecar.ts';
import type { InjectionRules, Outcome } from './inject-object.ts';
import type { InjectablePod } from './pod.ts';

type Texts = Readonly<Record<string, string>>;

const ENABLED: InjectorPolicy = { policy: 'enabled', neverInjectSelector: [], alwaysInjectSelector: [] };

const HOST_NETWORK = 'host network';
const DISABLED = 'sidecar injection disabled';

const candidateOf = ({ metadata, spec }: InjectablePod, namespace: string, namespaceLabels: Texts) => ({
  namespace,
  namespaceLabels,
  labels: metadata.labels ?? {},
  annotations: metadata.annotations ?? {},
  hostNetwork: spec.hostNetwork === true,
});

const decideAsGiven = (pod: InjectablePod): SidecarDecision => {
  if (pod.spec.hostNetwork === true) return { injected: false, reason: HOST_NETWORK };
  const isRequired = isInjectionRequired(candidateOf(pod, pod.metadata.namespace ?? '', {}), ENABLED);
  return { injected: isRequired, reason: isRequired ? 'given to kube-inject' : DISABLED };
};

/** Rules of `istioctl kube-inject`: everything it is given is injected, whatever namespaces and the mesh's policy say. */
export const GIVEN_RULES: InjectionRules = {
  cronJobs: 'as istioctl',
  decide: decideAsGiven,
  namespaceAnnotations: () => ({}),
};

/** What `istioctl kube-inject` says of a workload that it left alone; undefined of one that it injected. */
export const skipWarning = ({ kind, name, namespace, injected, reason }: Outcome): string | undefined => {
  if (injected) return undefined;
  const fullName = JSON.stringify(namespace === '' ? name : `${namespace}/${name}`);
  const subject = kind === '' ? fullName : `${kind} ${fullName}`;
  return `===> Skipping injection because ${subject} has ${reason === HOST_NETWORK ? 'host networking enabled' : reason}`;
};

/** A Namespace object's metadata. */
export interface NamespaceMeta {
  readonly labels: Texts;
  readonly annotations: Texts;
}

/** What a mesh is told beside the pods themselves. */
export interface MeshFacts {
  readonly namespaces: ReadonlyMap<string, NamespaceMeta>;
  /** Of objects that name none. */
  readonly defaultNamespace: string;
  readonly policy: InjectorPolicy;
}

/** Rules of a mesh: namespace and pod labels, then the injector's policy, decide as they would in a cluster. */
export const meshRules = ({ namespaces, defaultNamespace, policy }: MeshFacts): InjectionRules => ({
  cronJobs: 'as the cluster',
  decide: (pod, owner) => {
    const namespace = pod.metadata.namespace || owner.namespace || defaultNamespace;
    return decideInjection(candidateOf(pod, namespace, namespaces.get(namespace)?.labels ?? {}), policy);
  },
  namespaceAnnotations: (namespace) => namespaces.get(namespace || defaultNamespace)?.annotations ?? {},
});
