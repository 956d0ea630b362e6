import type { Resource } from '../../../model/resource.ts';
import type {
  Sidecar,
  VirtualService,
  VirtualServiceHttpFaultDelay,
} from '../../../model/schema/generated/types-istio.ts';
import type { CustomResourceDefinition } from '../../../model/schema/generated/types-kubernetes.ts';
import { removeEntry } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Edit, Finding, Fix, SecondaryLabel } from '../../finding.ts';
import { offerFix } from '../../offer-fix.ts';

/** Kinds of `rbac.istio.io`, which AuthorizationPolicy replaced in Istio 1.6. */
const REMOVED_KINDS: ReadonlySet<string> = new Set([
  'ClusterRbacConfig',
  'RbacConfig',
  'ServiceRole',
  'ServiceRoleBinding',
]);

type Delay = VirtualServiceHttpFaultDelay;

const usesPercent = (delay: Delay | undefined): delay is Delay => delay?.percent !== undefined && delay.percent > 0;

/** Rewrites `percent: 10` as `percentage: { value: 10 }`; nothing where it is anchored or merged in from elsewhere. */
const renamed = (delay: Delay): readonly Edit[] => {
  const key = spanOf(delay, 'percent', 'key');
  const value = spanOf(delay, 'percent');
  // Where both are set, percentage counts and the other one is not missed; what to do is the author's choice.
  if (key === undefined || value === undefined || delay.percentage !== undefined) return [];
  const gap = value.column - key.endColumn;
  if (value.line !== key.line || gap < 1 || gap > 2) return [];
  const quote = key.endColumn - key.column > 'percent'.length ? '"' : '';
  return [
    { span: key, text: `${quote}percentage${quote}` },
    { span: value, text: `{ ${quote}value${quote}: ${delay.percent} }` },
  ];
};

function* findPercent(resource: Resource<VirtualService>): Iterable<Finding> {
  const all = (resource.object.spec?.http ?? []).map(({ fault }) => fault?.delay).filter(usesPercent);
  if (all.length === 0) return;
  // A fault that several routes share by an alias stands in one place.
  const delays = [...new Set(all)];
  const labels: SecondaryLabel[] = [];
  for (const delay of delays) {
    const span = spanOf(delay, 'percent', 'key');
    if (span !== undefined) labels.push({ span, text: 'use percentage' });
  }
  const edits = delays.flatMap(renamed);
  const fix: Fix | undefined = edits.length === 0 ? undefined : { title: 'write percentage', isSafe: true, edits };
  const values = { what: 'percent of a delay', advice: 'use percentage, which also takes fractions' };
  yield finding('IST0002', resource, values, { labels, ...(fix !== undefined && { fix }) });
}

function* findEgressProxy(resource: Resource<Sidecar>): Iterable<Finding> {
  const policy = resource.object.spec?.outboundTrafficPolicy;
  if (policy?.egressProxy === undefined) return;
  const span = spanOf(policy, 'egressProxy', 'key');
  const values = { what: 'outboundTrafficPolicy.egressProxy', advice: 'Istio ignores it' };
  yield finding('IST0002', resource, values, {
    labels: span === undefined ? [] : [{ span, text: 'ignored' }],
    effect: 'unknown destinations are reached directly, not through this host',
    hint: 'remove it',
    ...offerFix('remove egressProxy', 'safe', [removeEntry(policy, 'egressProxy')]),
  });
}

function* findRemovedKind(resource: Resource<CustomResourceDefinition>): Iterable<Finding> {
  const { group, names } = resource.object.spec;
  if (group !== 'rbac.istio.io' || !REMOVED_KINDS.has(names.kind)) return;
  yield finding(
    'IST0002',
    resource,
    { what: `${names.kind} of ${group}`, advice: 'Istio has removed it' },
    {
      effect: 'objects of this kind have no effect',
      hint: 'write AuthorizationPolicies instead',
    },
  );
}

/** Istio's `deprecation.DeprecationAnalyzer`; one finding an object. */
export const deprecation = defineCheck({
  name: 'deprecation.DeprecationAnalyzer',
  summary: 'Fields and kinds that Istio has deprecated or removed.',
  emits: ['IST0002'],
  *run({ mesh }) {
    for (const resource of mesh.of('VirtualService')) yield* findPercent(resource);
    for (const resource of mesh.of('Sidecar')) yield* findEgressProxy(resource);
    for (const resource of mesh.of('CustomResourceDefinition')) yield* findRemovedKind(resource);
  },
});
