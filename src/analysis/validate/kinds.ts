import { type KindName, kindOf } from '../../model/kinds.ts';
import type { KubernetesObject, Resource } from '../../model/resource.ts';
import { reviewAnnotations } from './annotations.ts';
import { reviewAuthorizationPolicy } from './authorization-policy.ts';
import { reviewDestinationRule } from './destination-rule.ts';
import { reviewEnvoyFilter } from './envoy-filter.ts';
import { reviewGateway } from './gateway.ts';
import { reviewPeerAuthentication } from './peer-authentication.ts';
import { reviewProxyConfig } from './proxy-config.ts';
import { reviewRequestAuthentication } from './request-authentication.ts';
import { type Remark, Review, type Rules } from './review.ts';
import { reviewServiceEntry } from './service-entry.ts';
import { reviewSidecar } from './sidecar.ts';
import { reviewTelemetry } from './telemetry.ts';
import { reviewVirtualService } from './virtual-service.ts';
import { reviewTrafficExtension, reviewWasmPlugin } from './wasm.ts';
import { reviewWorkloadEntry, reviewWorkloadGroup } from './workload.ts';

/** Ties a kind to the rules of its own type; decoding has checked that objects of the kind have it. */
const row = <T extends KubernetesObject>(
  kind: KindName,
  rules: Rules<T>,
): readonly [KindName, Rules<KubernetesObject>] => [kind, (resource, review) => rules(resource as Resource<T>, review)];

const RULES: ReadonlyMap<KindName, Rules<KubernetesObject>> = new Map([
  row('AuthorizationPolicy', reviewAuthorizationPolicy),
  row('DestinationRule', reviewDestinationRule),
  row('EnvoyFilter', reviewEnvoyFilter),
  row('Gateway', reviewGateway),
  row('PeerAuthentication', reviewPeerAuthentication),
  row('ProxyConfig', reviewProxyConfig),
  row('RequestAuthentication', reviewRequestAuthentication),
  row('ServiceEntry', reviewServiceEntry),
  row('Sidecar', reviewSidecar),
  row('Telemetry', reviewTelemetry),
  row('TrafficExtension', reviewTrafficExtension),
  row('VirtualService', reviewVirtualService),
  row('WasmPlugin', reviewWasmPlugin),
  row('WorkloadEntry', reviewWorkloadEntry),
  row('WorkloadGroup', reviewWorkloadGroup),
]);

/**
 * What Istio's admission webhook says to an object that the API server took: refusals and warnings in the order of its
 * fields. Nothing for kinds the webhook is not asked about. Facts from Istio 1.31, pkg/config/validation.
 */
export const reviewResource = (resource: Resource): readonly Remark[] => {
  const kind = kindOf(resource.apiVersion, resource.kind);
  const rules = kind === undefined ? undefined : RULES.get(kind.name);
  if (rules === undefined) return [];
  const review = new Review();
  // The webhook reads no further where it refuses an annotation.
  reviewAnnotations(resource, review);
  if (review.remarks.length === 0) rules(resource, review);
  return review.remarks;
};
