/** What a proxy of the mesh believes of the headers a client sent. */
import { isAddress } from '../base/cidr.ts';

/** Instructions to the proxy that only the proxy's own configuration may give. */
export const INTERNAL_HEADERS = [
  'x-envoy-internal',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout',
  'expect',
  'proxy-authorization',
] as const;

/** Not believed from outside of the mesh. */
export const EDGE_HEADERS = [
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-envoy-original-host',
] as const;

/** The scheme of a request: inside the mesh X-Forwarded-Proto is believed, at a gateway only the connection is. */
export const schemeOf = (isGateway: boolean, isTls: boolean, forwardedProto: string): string => {
  if (!isGateway && (forwardedProto === 'http' || forwardedProto === 'https')) return forwardedProto;
  return isTls ? 'https' : 'http';
};

/**
 * Where a request came from as far as X-Forwarded-For is believed. A sidecar believes its last entry. A gateway believes
 * only the entry that the outermost of its trusted proxies wrote; `forwardedFor` ends with the direct peer there.
 */
export const believedAddress = (
  isGateway: boolean,
  trustedProxies: number,
  forwardedFor: string,
  remoteAddress: string,
): string => {
  if (isGateway && trustedProxies === 0) return remoteAddress;
  const entry = (forwardedFor.split(',').at(isGateway ? -1 - trustedProxies : -1) ?? '').trim();
  return isAddress(entry) ? entry : remoteAddress;
};
