/** Which proxies a policy of security.istio.io is for. */
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  AuthorizationPolicy,
  PolicyTargetReference,
  RequestAuthentication,
} from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import type { Report } from './report.ts';

type Targeted = Resource<AuthorizationPolicy> | Resource<RequestAuthentication>;

const targetsOf = ({ object: { spec } }: Targeted): readonly PolicyTargetReference[] => [
  ...(spec?.targetRef === undefined ? [] : [spec.targetRef]),
  ...(spec?.targetRefs ?? []),
];

const isGatewayTarget = ({ kind, group }: PolicyTargetReference): boolean =>
  kind === 'Gateway' && group === 'gateway.networking.k8s.io';

/** Only waypoints and gateways of the Gateway API act on targets. */
export const warnOfTargets = (resource: Targeted, report: Report): void => {
  for (const target of targetsOf(resource)) {
    if (isGatewayTarget(target)) continue;
    const message = `a policy for the ${target.kind} ${target.name} is for waypoint proxies: sidecars do not enforce it`;
    report.warn(resource, 'TARGET_WITHOUT_EFFECT', message, [target]);
  }
};

/** By its own namespace or the root namespace, and then by targets or labels. */
export const appliesTo = (resource: Targeted, pod: Pod, rootNamespace: string): boolean => {
  if (resource.namespace !== pod.namespace && resource.namespace !== rootNamespace) return false;
  const targets = targetsOf(resource);
  if (targets.length === 0) return matchesLabels(resource.object.spec?.selector?.matchLabels ?? {}, pod.labels);
  const gateway = pod.labels['gateway.networking.k8s.io/gateway-name'];
  return (
    resource.namespace === pod.namespace && targets.some((target) => isGatewayTarget(target) && target.name === gateway)
  );
};
