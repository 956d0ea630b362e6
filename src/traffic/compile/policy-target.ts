/** Which proxies a policy, or a Telemetry, is for. */
import { indexSelecting } from '../../model/label-index.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  AuthorizationPolicy,
  PolicyTargetReference,
  RequestAuthentication,
  Telemetry,
} from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import type { Report } from './report.ts';

type Targeted = Resource<AuthorizationPolicy> | Resource<RequestAuthentication> | Resource<Telemetry>;

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

const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

/** Finds the policies for a pod, in the order in which they were written. */
export const indexTargeted = <T>(
  items: readonly T[],
  resourceOf: (item: T) => Targeted,
  rootNamespace: string,
): ((pod: Pod) => readonly T[]) => {
  const wanted = items.flatMap((item) => {
    const resource = resourceOf(item);
    const targets = targetsOf(resource).filter(isGatewayTarget);
    if (targetsOf(resource).length === 0)
      return [{ item, resource, labels: resource.object.spec?.selector?.matchLabels ?? {} }];
    // A pod has one such label, so that it finds a policy once.
    return targets.map(({ name }) => ({ item, resource, labels: { [GATEWAY_NAME]: name } }));
  });
  const lookUp = indexSelecting(wanted, ({ resource: { namespace }, labels }) => ({ namespace, labels }));
  return (pod) =>
    [...new Set([pod.namespace, rootNamespace])]
      .flatMap((namespace) => lookUp(namespace, pod.labels))
      .filter(({ resource }) => appliesTo(resource, pod, rootNamespace))
      .sort((left, right) => left.resource.order - right.resource.order)
      .map(({ item }) => item);
};

/** By its own namespace or the root namespace, and then by targets or labels. */
const appliesTo = (resource: Targeted, pod: Pod, rootNamespace: string): boolean => {
  if (resource.namespace !== pod.namespace && resource.namespace !== rootNamespace) return false;
  const targets = targetsOf(resource);
  if (targets.length === 0) return matchesLabels(resource.object.spec?.selector?.matchLabels ?? {}, pod.labels);
  const gateway = pod.labels[GATEWAY_NAME];
  return (
    resource.namespace === pod.namespace && targets.some((target) => isGatewayTarget(target) && target.name === gateway)
  );
};
