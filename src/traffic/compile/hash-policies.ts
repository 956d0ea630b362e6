import { parseDuration } from '../../base/duration.ts';
import type {
  DestinationRuleSubset,
  LoadBalancerConsistentHash,
  TrafficPolicy,
} from '../../model/schema/generated/types-istio.ts';
import type { Balancer, HashPolicy } from '../tables.ts';

/** Istio's ring where the rule names neither ring nor Maglev. */
const DEFAULT_RING = 1024;

/** The balancer of `consistentHash`. */
export const hashBalancer = ({ maglev, ringHash, minimumRingSize }: LoadBalancerConsistentHash): Balancer => {
  if (maglev !== undefined) return { kind: 'maglev', ...sized(maglev.tableSize) };
  if (ringHash !== undefined) return { kind: 'ring-hash', ...sized(ringHash.minimumRingSize) };
  return { kind: 'ring-hash', tableSize: minimumRingSize || DEFAULT_RING };
};

const sized = (size: number | undefined): { readonly tableSize?: number } =>
  size === undefined || size === 0 ? {} : { tableSize: size };

/** What is hashed; undefined where the rule names nothing to hash, and the ring is walked at random. */
export const hashPolicyOf = (hash: LoadBalancerConsistentHash): HashPolicy | undefined => {
  const { httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName } = hash;
  if (httpHeaderName !== undefined) return { kind: 'header', name: httpHeaderName.toLowerCase() };
  if (httpCookie !== undefined) {
    const { name, ttl, path = '', attributes = [] } = httpCookie;
    const creation = {
      maxAgeSeconds: Math.floor((parseDuration(ttl ?? '') ?? 0) / 1000),
      path,
      attributes: attributes.map((attribute) => [attribute.name, attribute.value ?? ''] as const),
    };
    // Envoy makes a cookie only where a time to live is set, be it 0.
    return { kind: 'cookie', name, creation: ttl === undefined ? undefined : creation };
  }
  if (useSourceIp === true) return { kind: 'source-address' };
  return httpQueryParameterName === undefined ? undefined : { kind: 'query', name: httpQueryParameterName };
};

/** The parts of a DestinationRule that say how its host is hashed. */
interface HashingRule {
  readonly policy: TrafficPolicy | undefined;
  readonly subsets: readonly { readonly subset: DestinationRuleSubset }[];
}

/** For a Service's own route: a port's setting, where it hashes, before the rule's. */
export const serviceHash = ({ policy }: HashingRule, port: number): LoadBalancerConsistentHash | undefined =>
  portHash(policy, port) ?? policy?.loadBalancer?.consistentHash;

/**
 * For a destination of a VirtualService. As in Istio, port-level settings count only where the destination names the
 * port, and a subset that balances otherwise does not take the rule's hash away: it only does not use it.
 */
export const destinationHash = (
  { policy, subsets }: HashingRule,
  subsetName: string,
  port: number | undefined,
): LoadBalancerConsistentHash | undefined => {
  const own = subsets.find(({ subset }) => subset.name === subsetName)?.subset.trafficPolicy;
  return (
    portHash(own, port) ??
    own?.loadBalancer?.consistentHash ??
    portHash(policy, port) ??
    policy?.loadBalancer?.consistentHash
  );
};

/** For connections without HTTP: only the client's address can be hashed, and ports make no difference. */
export const connectionHash = ({ policy, subsets }: HashingRule, subsetName: string): readonly HashPolicy[] => {
  const own = subsets.find(({ subset }) => subset.name === subsetName)?.subset.trafficPolicy?.loadBalancer;
  const hash = own === undefined ? policy?.loadBalancer?.consistentHash : own.consistentHash;
  return hash?.useSourceIp === true ? [{ kind: 'source-address' }] : [];
};

const portHash = (
  policy: TrafficPolicy | undefined,
  port: number | undefined,
): LoadBalancerConsistentHash | undefined =>
  port === undefined
    ? undefined
    : policy?.portLevelSettings?.find((setting) => setting.port?.number === port)?.loadBalancer?.consistentHash;
