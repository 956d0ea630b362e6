import type { Resource } from '../../model/resource.ts';
import type {
  PolicyTargetReference,
  SidecarWorkloadSelector,
  WorkloadSelector,
} from '../../model/schema/generated/types-istio.ts';
import type { At, Review } from './review.ts';
import { isDnsLabel, refuseLabelPair } from './text-rules.ts';

const reviewPairs = (labels: Readonly<Record<string, string>>, review: Review): void => {
  for (const [key, value] of Object.entries(labels)) {
    if (key === '') review.refuse('a selector has a label without a name', [labels, key, 'key']);
    if (key.includes('*') || value.includes('*')) {
      review.refuse(`a selector knows no wildcards: ${key}=${value}`, [labels, key]);
    }
  }
};

/** The `selector` of policies; one without labels selects every workload of the namespace, which is worth a warning. */
export const reviewSelector = (selector: WorkloadSelector | undefined, review: Review): void => {
  if (selector === undefined) return;
  const labels = selector.matchLabels ?? {};
  reviewPairs(labels, review);
  if (Object.keys(labels).length === 0) {
    review.warn('the selector has no labels: it selects every workload of the namespace', [selector]);
  }
};

/** The `workloadSelector` of the networking kinds. Answers whether the webhook would read on. */
export const reviewWorkloadSelector = (selector: SidecarWorkloadSelector | undefined, review: Review): boolean => {
  if (selector === undefined) return true;
  const labels = selector.labels ?? {};
  const before = review.remarks.length;
  reviewPairs(labels, review);
  const isSound = review.remarks.length === before;
  if (isSound && Object.keys(labels).length === 0) {
    review.warn('the workloadSelector has no labels: it selects every workload of the namespace', [selector]);
  }
  return isSound;
};

/** Labels of a subset, an endpoint, a source. */
export const reviewLabels = (labels: Readonly<Record<string, string>> | undefined, review: Review): void => {
  if (labels === undefined) return;
  for (const [key, value] of Object.entries(labels)) {
    const refusal = refuseLabelPair(key, value);
    if (refusal !== undefined) review.refuse(`label ${key}: ${refusal}`, [labels, key]);
  }
};

const TARGETS: ReadonlySet<string> = new Set([
  '/Service',
  'core/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
]);

const reviewTarget = (target: PolicyTargetReference, review: Review): void => {
  if (target.name === '') review.refuse('a target needs a name', [target, 'name']);
  if (target.namespace !== undefined && target.namespace !== '') {
    review.refuse('a target is always in the namespace of the policy', [target, 'namespace'], 'remove the namespace');
  }
  if (!TARGETS.has(`${target.group ?? ''}/${target.kind}`)) {
    const what = target.group === undefined || target.group === '' ? target.kind : `${target.group}/${target.kind}`;
    const hint = 'target a Service, a ServiceEntry, or a Gateway or GatewayClass of gateway.networking.k8s.io';
    review.refuse(`a policy cannot target ${what}`, [target, 'kind'], hint);
  }
};

/** What policies attach to: a selector, or one target, or a list of targets; never two of them. */
export interface Attachment {
  readonly selector?: WorkloadSelector;
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
}

export const reviewAttachment = (spec: Attachment, review: Review): void => {
  const { selector, targetRef, targetRefs = [] } = spec;
  const ways = [selector !== undefined, targetRef !== undefined, targetRefs.length > 0].filter(Boolean).length;
  if (ways > 1) {
    const second = targetRefs.length > 0 ? 'targetRefs' : 'targetRef';
    review.refuse('only one of selector, targetRef and targetRefs may be set', [spec, second, 'key']);
  }
  reviewSelector(selector, review);
  if (targetRef !== undefined) reviewTarget(targetRef, review);
  for (const target of targetRefs) reviewTarget(target, review);
};

/** How strictly the entries of `exportTo` are read. */
interface ExportOptions {
  /** Only a ServiceEntry may be exported to no one (`~`). */
  readonly mayBeNone?: boolean;
  /** A DestinationRule with a workloadSelector stays in its namespace. */
  readonly hasSelector?: boolean;
}

export const reviewExportTo = (
  resource: Resource,
  exportTo: readonly string[] | undefined,
  review: Review,
  { mayBeNone = false, hasSelector = false }: ExportOptions = {},
): void => {
  if (exportTo === undefined || exportTo.length === 0) return;
  const seen = new Set<string>();
  exportTo.forEach((entry, index) => {
    const at: At = [exportTo, index];
    const key = entry === '.' ? resource.namespace : entry;
    if (seen.has(key)) review.refuseRepeated(`exportTo names ${key} twice`, [exportTo, index]);
    else if (key === '~' && !mayBeNone) review.refuse('only a ServiceEntry may be exported to no one ("~")', at);
    else if (key !== '*' && key !== '~' && !isDnsLabel(key)) {
      review.refuse(`exportTo entry "${entry}" is neither ".", "*" nor a namespace`, at);
    } else seen.add(key);
  });
  if (hasSelector && seen.size > 0 && !(seen.size === 1 && seen.has(resource.namespace))) {
    review.refuse('a DestinationRule with a workloadSelector can be exported to its own namespace alone', [exportTo]);
  }
  for (const [alone, meaning] of [
    ['*', 'everyone'],
    ['~', 'no one'],
  ] as const) {
    if (seen.has(alone) && exportTo.length > 1) {
      review.refuse(`exportTo says ${meaning} ("${alone}") and names others beside`, [exportTo]);
    }
  }
};
