import { isDeactivated } from '../install/tag/never-match.ts';
import type { LabelSelector, MutatingWebhook } from '../model/schema/generated/types-kubernetes.ts';
import { matchesSelector } from '../model/selector.ts';
import { isObject } from '../model/value.ts';
import type { Cluster, KubernetesObject } from './cluster.ts';
import { fromKubernetes } from './install/objects.ts';

type Labels = Readonly<Record<string, string>>;

/** One of Istio's injection webhooks in a cluster. */
export interface Injector {
  readonly name: string;
  /** Empty where it has no revision label. */
  readonly revision: string;
  readonly webhooks: readonly MutatingWebhook[];
  /** It was put out of force, as by a revision tag that does its work. */
  readonly isDeactivated: boolean;
}

/** What an injector makes of a pod's labels, and why. */
export interface InjectorVerdict {
  readonly webhook: string;
  readonly revision: string;
  readonly injected: boolean;
  readonly reason: string;
}

const CONFIGURATION = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
const REVISION = 'istio.io/rev';

const injectorOf = (object: KubernetesObject): Injector => ({
  name: object.metadata.name,
  revision: object.metadata.labels?.[REVISION] ?? '',
  // The API server checked them against the type this is generated from.
  webhooks: Array.isArray(object['webhooks']) ? (object['webhooks'] as readonly MutatingWebhook[]) : [],
  isDeactivated: isDeactivated(fromKubernetes(object)),
});

/** The webhooks of every Istio that is in the cluster, by name. */
export const readInjectors = async (cluster: Cluster): Promise<readonly Injector[]> =>
  ((await cluster.list(CONFIGURATION)) ?? [])
    .map(injectorOf)
    .filter(({ webhooks }) => webhooks.some(({ name }) => name.endsWith('istio.io')))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const matches = (selector: LabelSelector | undefined, labels: Labels): boolean =>
  matchesSelector(selector ?? {}, labels);

/** The label that made a selector take an object, as far as one did. */
const decidingLabel = (selector: LabelSelector | undefined, labels: Labels): string | undefined => {
  const wanted = [
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).filter(({ operator }) => /^(In|NotIn)$/.test(operator)).map(({ key }) => key),
  ].find((key) => Object.hasOwn(labels, key));
  return wanted === undefined ? undefined : `${wanted}=${labels[wanted]}`;
};

const acceptance = (webhook: MutatingWebhook, podLabels: Labels, namespaceLabels: Labels): string => {
  const namespaceLabel = decidingLabel(webhook.namespaceSelector, namespaceLabels);
  const podLabel = decidingLabel(webhook.objectSelector, podLabels);
  const everywhere = namespaceLabel?.startsWith('kubernetes.io/metadata.name=') === true;
  if (namespaceLabel !== undefined && podLabel !== undefined)
    return `Namespace label ${namespaceLabel} matches, and pod label ${podLabel} matches`;
  if (namespaceLabel !== undefined)
    return `Namespace label ${namespaceLabel} matches${everywhere ? ' (Automatic injection is enabled in all namespaces).' : ''}`;
  return podLabel === undefined ? 'Every namespace and pod matches' : `Pod label ${podLabel} matches`;
};

/** The label of a pod in a namespace that is taken, by which it keeps out. */
const refusalByPod = (selector: LabelSelector | undefined, labels: Labels): string | undefined => {
  const refusing = (selector?.matchExpressions ?? []).find(({ key, operator, values }) => {
    if (!Object.hasOwn(labels, key)) return false;
    return operator === 'DoesNotExist' || (operator === 'NotIn' && values?.includes(labels[key] ?? '') === true);
  });
  return refusing && `Pod has ${refusing.key}=${labels[refusing.key]} label, preventing injection`;
};

const refusal = (webhook: MutatingWebhook, podLabels: Labels, namespaceLabels: Labels): string | undefined => {
  if (matches(webhook.namespaceSelector, namespaceLabels)) return refusalByPod(webhook.objectSelector, podLabels);
  const label = namespaceLabels['istio-injection'];
  return label !== undefined && label !== 'enabled' && matches(webhook.objectSelector, podLabels)
    ? `Namespace has istio-injection=${label} label, preventing injection`
    : undefined;
};

const wantedLabels = (selector: LabelSelector | undefined): readonly string[] =>
  (selector?.matchExpressions ?? [])
    .filter(({ operator }) => operator === 'In')
    .flatMap(({ key, values = [] }) => values.map((value) => `${key}=${value}`));

const unselected = ({ webhooks }: Injector): string => {
  const [namespaces, pods] = [
    webhooks.flatMap(({ namespaceSelector }) => wantedLabels(namespaceSelector)),
    webhooks.flatMap(({ objectSelector }) => wantedLabels(objectSelector)),
  ].map((labels) => [...new Set(labels)].join(', '));
  return `No matching namespace labels (${namespaces}) or pod labels (${pods})`;
};

/** Whether an injector is sent pods with these labels in a namespace with those, and by which label that is decided. */
export const judgeInjection = (injector: Injector, podLabels: Labels, namespaceLabels: Labels): InjectorVerdict => {
  const base = { webhook: injector.name, revision: injector.revision };
  for (const webhook of injector.webhooks) {
    if (matches(webhook.namespaceSelector, namespaceLabels) && matches(webhook.objectSelector, podLabels))
      return { ...base, injected: true, reason: acceptance(webhook, podLabels, namespaceLabels) };
    const reason = refusal(webhook, podLabels, namespaceLabels);
    if (reason !== undefined) return { ...base, injected: false, reason };
  }
  const reason = injector.isDeactivated
    ? 'The injection webhook is deactivated, and will never match labels.'
    : unselected(injector);
  return { ...base, injected: false, reason };
};

/** The namespaces whose pods an injector takes for the namespace's sake. */
export const takesNamespace = ({ webhooks }: Injector, labels: Labels): boolean =>
  webhooks.some(
    ({ name, namespaceSelector }) =>
      /^(?:rev\.)?namespace\.sidecar-injector\.istio\.io$/.test(name) && matches(namespaceSelector, labels),
  );

/** Whether any webhook of an injector could take pods of a namespace. */
export const mayTakeNamespace = ({ webhooks }: Injector, labels: Labels): boolean =>
  webhooks.some(({ namespaceSelector }) => matches(namespaceSelector, labels));

/** The revision whose proxy a pod has, as the injector noted it; undefined where none was injected. */
export const injectedRevision = ({ metadata }: KubernetesObject): string | undefined => {
  const { annotations = {} } = metadata;
  if (annotations[REVISION] !== undefined) return annotations[REVISION];
  try {
    const status: unknown = JSON.parse(annotations['sidecar.istio.io/status'] ?? '');
    return isObject(status) && typeof status['revision'] === 'string' ? status['revision'] : undefined;
  } catch {
    return undefined;
  }
};
