import { hashRequest, type RequestHash } from '../traffic/balance/hash-policy.ts';
import type { Cluster } from '../traffic/tables.ts';
import type { ExchangeView } from './exchange-view.ts';
import { remoteAddressOf } from './remote-address.ts';
import type { Forward } from './request-lines.ts';

/** The hash of a request whose route has one and whose cluster asks for it; undefined for all others. */
export const requestHash = (exchange: ExchangeView, action: Forward, cluster: Cluster): RequestHash | undefined => {
  const { kind } = cluster.balancer;
  if (action.hash === undefined || (kind !== 'ring-hash' && kind !== 'maglev')) return undefined;
  const { place, downstream, forwarded, tables } = exchange;
  const { request } = downstream;
  return hashRequest(action.hash, request, {
    sourceAddress: remoteAddressOf(place, request, forwarded, tables.authorization?.trustedProxies ?? 0),
    remote: `${place.remoteAddress}:${place.remotePort}`,
    local: `${place.address}:${place.port}`,
  });
};
