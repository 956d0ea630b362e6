import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import { isObject } from '../../../model/value.ts';
import { defineCheck, finding } from '../../check.ts';

/** Proxies that answer DNS queries themselves give each entry an address of its own. */
const isAutoAllocated = ({ config }: Mesh): boolean => {
  const metadata = config.defaultConfig.proxyMetadata ?? {};
  if (metadata['ISTIO_META_DNS_CAPTURE'] !== 'true') return false;
  return metadata['ISTIO_META_DNS_AUTO_ALLOCATE'] === 'true' || metadata['PILOT_ENABLE_IP_AUTOALLOCATE'] === 'true';
};

const hasAllocated = ({ object }: Resource): boolean => {
  const status: unknown = Reflect.get(object, 'status');
  const addresses = isObject(status) ? status['addresses'] : undefined;
  return Array.isArray(addresses) && addresses.length > 0;
};

/** Istio's `serviceentry.Analyzer`. */
export const serviceEntryAddresses = defineCheck({
  name: 'serviceentry.Analyzer',
  summary: 'ServiceEntries with a TCP port and no address.',
  emits: ['IST0134'],
  *run({ mesh }) {
    if (isAutoAllocated(mesh)) return;
    for (const entry of mesh.of('ServiceEntry')) {
      const { spec } = entry.object;
      if (spec === undefined || spec.addresses !== undefined || hasAllocated(entry)) continue;
      for (const port of spec.ports ?? []) {
        const protocol = (port.protocol ?? '').toUpperCase();
        if (protocol !== '' && protocol !== 'TCP') continue;
        const place = {
          ...('name' in port && { in: port, key: 'name' }),
          effect: `every connection to port ${port.number}, whatever its address, is taken for this entry`,
          hint: 'set addresses, or a protocol that carries the host name, such as TLS',
        };
        yield finding('IST0134', entry, {}, place);
      }
    }
  },
});
