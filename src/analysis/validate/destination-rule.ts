import type { Resource } from '../../model/resource.ts';
import type {
  DestinationRule,
  TrafficPolicy,
  TrafficPolicyPortLevelSetting,
} from '../../model/schema/generated/types-istio.ts';
import {
  reviewClientTls,
  reviewConnectionPool,
  reviewLoadBalancer,
  reviewOutlierDetection,
} from './connection-policy.ts';
import type { Review } from './review.ts';
import { reviewExportTo, reviewLabels, reviewSelector } from './selection.ts';
import { isDnsLabel, isIpAddress, isPort, refuseFqdn, refuseWildcardDomain } from './text-rules.ts';

export const reviewDestinationRule = (resource: Resource<DestinationRule>, review: Review): void => {
  const spec = resource.object.spec;
  if (spec === undefined) {
    review.refuse('a DestinationRule needs a host', [resource.object]);
    return;
  }
  const host = refuseWildcardDomain(spec.host);
  if (host !== undefined) review.refuse(`host "${spec.host}" ${host}`, [spec, 'host']);
  reviewPolicy(resource, spec, spec.trafficPolicy, review);
  const names = new Set<string>();
  for (const subset of spec.subsets ?? []) {
    if (names.has(subset.name)) review.refuse(`subset ${subset.name} is defined twice`, [subset, 'name']);
    names.add(subset.name);
    if (!isDnsLabel(subset.name)) review.refuse(`subset name "${subset.name}" is no DNS label`, [subset, 'name']);
    reviewLabels(subset.labels, review);
    reviewPolicy(resource, subset, subset.trafficPolicy, review);
  }
  reviewExportTo(resource, spec.exportTo, review, { hasSelector: spec.workloadSelector !== undefined });
  reviewSelector(spec.workloadSelector, review);
};

const PARTS = ['outlierDetection', 'connectionPool', 'loadBalancer', 'tls'] as const;
const OWN_PARTS = ['tunnel', 'proxyProtocol', 'retryBudget'] as const;

const reviewPolicy = (
  resource: Resource<DestinationRule>,
  holder: object,
  policy: TrafficPolicy | undefined,
  review: Review,
): void => {
  if (policy === undefined) return;
  const isEmpty = [...PARTS, ...OWN_PARTS].every((part) => policy[part] === undefined);
  if (isEmpty && (policy.portLevelSettings ?? []).length === 0) {
    review.refuse('a trafficPolicy needs at least one setting', [holder, 'trafficPolicy', 'key']);
    return;
  }
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined) {
    review.refuse('tunnel and proxyProtocol exclude each other', [policy, 'proxyProtocol', 'key']);
    return;
  }
  reviewParts(resource, policy, review);
  for (const setting of policy.portLevelSettings ?? []) {
    if (setting.port === undefined) review.refuse('a port-level setting needs a port', [setting]);
    if (PARTS.every((part) => setting[part] === undefined)) {
      review.refuse('a port-level setting needs at least one setting beside its port', [setting]);
    } else reviewParts(resource, setting, review);
  }
  reviewTunnel(policy.tunnel, review);
};

const reviewParts = (
  resource: Resource<DestinationRule>,
  parts: TrafficPolicyPortLevelSetting,
  review: Review,
): void => {
  reviewOutlierDetection(parts.outlierDetection, review);
  reviewConnectionPool(parts, 'connectionPool', parts.connectionPool, review);
  reviewLoadBalancer(parts.loadBalancer, parts.outlierDetection, review);
  reviewClientTls(parts.tls, resource.namespace, review);
};

const reviewTunnel = (tunnel: TrafficPolicy['tunnel'], review: Review): void => {
  if (tunnel === undefined) return;
  const { protocol = '', targetHost, targetPort } = tunnel;
  if (!['', 'CONNECT', 'POST'].includes(protocol)) {
    review.refuse(`a tunnel's protocol is CONNECT or POST, not "${protocol}"`, [tunnel, 'protocol']);
  }
  if (refuseFqdn(targetHost) !== undefined && !isIpAddress(targetHost)) {
    review.refuse(`targetHost "${targetHost}" is neither a DNS name nor an address`, [tunnel, 'targetHost']);
  }
  if (!isPort(targetPort)) review.refuse(`targetPort ${targetPort} is not from 1 to 65535`, [tunnel, 'targetPort']);
};
