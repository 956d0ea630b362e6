import type { SidecarDecision } from './pod.ts';
import { matchesSelector, type Selector } from './selector.ts';

type Labels = Readonly<Record<string, string>>;

/** What the decision depends on: a pod as its template describes it, and its namespace. */
export interface InjectionCandidate {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly hostNetwork: boolean;
}

/** The injector's own configuration (ConfigMap istio-sidecar-injector). */
export interface InjectorPolicy {
  readonly policy: 'enabled' | 'disabled';
  readonly neverInjectSelector: readonly Selector[];
  readonly alwaysInjectSelector: readonly Selector[];
}

const INJECT = 'sidecar.istio.io/inject';
const NAMESPACE_INJECTION = 'istio-injection';
const REVISION = 'istio.io/rev';

const IGNORED_NAMESPACES: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
]);

/** An installation's injector unless configured otherwise. */
const DEFAULT_POLICY: InjectorPolicy = { policy: 'enabled', neverInjectSelector: [], alwaysInjectSelector: [] };

/**
 * Whether a pod created in this namespace gets a sidecar: first whether a webhook of Istio's installation selects it
 * (namespace and pod labels), then whether the injector agrees. Any revision counts as this mesh.
 */
export const decideInjection = (
  candidate: InjectionCandidate,
  policy: InjectorPolicy = DEFAULT_POLICY,
): SidecarDecision => {
  const selected = selectedByWebhook(candidate.namespaceLabels, candidate.labels);
  if (!selected.injected) return selected;
  const refused = refusedByInjector(candidate, policy);
  return refused === undefined ? selected : { injected: false, reason: refused };
};

/** What a namespace's labels decide for its pods that say nothing themselves. */
export const namespaceInjection = (labels: Labels): SidecarDecision => selectedByWebhook(labels, {});

const yes = (reason: string): SidecarDecision => ({ injected: true, reason });
const no = (reason: string): SidecarDecision => ({ injected: false, reason });

/**
 * The four webhooks of a default installation (`enableNamespacesByDefault: false`) as one decision. `istio-injection`
 * beats `istio.io/rev`, and a namespace label that says no cannot be overruled by a pod.
 */
const selectedByWebhook = (namespaceLabels: Labels, labels: Labels): SidecarDecision => {
  const inject = labels[INJECT];
  const namespaceInject = namespaceLabels[NAMESPACE_INJECTION];
  const namespaceRevision = namespaceLabels[REVISION];
  if (inject === 'false') return no(`pod label ${INJECT}=false`);
  if (namespaceInject === 'enabled') return yes(`namespace label ${NAMESPACE_INJECTION}=enabled`);
  if (namespaceInject === 'disabled') return no(`namespace label ${NAMESPACE_INJECTION}=disabled`);
  if (namespaceInject !== undefined) {
    return no(`namespace label ${NAMESPACE_INJECTION}=${namespaceInject} is neither enabled nor disabled`);
  }
  if (namespaceRevision !== undefined) return yes(`namespace label ${REVISION}=${namespaceRevision}`);
  if (labels[REVISION] !== undefined) return yes(`pod label ${REVISION}=${labels[REVISION]}`);
  if (inject === 'true') return yes(`pod label ${INJECT}=true`);
  return no(`neither namespace label ${NAMESPACE_INJECTION}=enabled nor pod label ${INJECT}=true`);
};

const refusedByInjector = (candidate: InjectionCandidate, policy: InjectorPolicy): string | undefined => {
  const { namespace, labels, annotations } = candidate;
  if (candidate.hostNetwork) return 'host network';
  if (IGNORED_NAMESPACES.has(namespace)) return `namespace ${namespace} is never injected`;
  const sort = labels[INJECT] === undefined ? 'annotation' : 'label';
  const inject = labels[INJECT] ?? annotations[INJECT];
  if (inject === 'true') return undefined;
  if (inject === 'false') return `pod ${sort} ${INJECT}=false`;
  if (policy.neverInjectSelector.some((selector) => matchesSelector(selector, labels))) {
    return 'neverInjectSelector of the injector matches';
  }
  if (policy.alwaysInjectSelector.some((selector) => matchesSelector(selector, labels))) return undefined;
  return policy.policy === 'enabled' ? undefined : 'policy of the injector is disabled';
};

/** Whether the injector, once asked about a pod, adds a sidecar. */
export const isInjectionRequired = (candidate: InjectionCandidate, policy: InjectorPolicy): boolean =>
  refusedByInjector(candidate, policy) === undefined;
