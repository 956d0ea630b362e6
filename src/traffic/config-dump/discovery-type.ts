import { isAddress } from '../../base/cidr.ts';
import type { Cluster } from '../tables.ts';

type DiscoveryType = 'EDS' | 'STRICT_DNS' | 'ORIGINAL_DST' | 'STATIC';

/** How a cluster comes by its endpoints; names among them are looked up. */
export const discoveryType = ({ kind, endpoints }: Cluster): DiscoveryType => {
  if (kind === 'blackhole') return 'STATIC';
  if (kind !== 'endpoints') return 'ORIGINAL_DST';
  return endpoints.some(({ address }) => !isAddress(address)) ? 'STRICT_DNS' : 'EDS';
};
