import type { OutboundListener, OutboundTables } from './tables.ts';

/**
 * The listener for a captured connection's original destination. A service's own address comes first, then the wildcard
 * listener that HTTP services share on a port, as Envoy orders them; the words stand for what the mesh does with the unknown.
 */
export const selectOutbound = (
  tables: OutboundTables,
  address: string,
  port: number,
): OutboundListener | 'passthrough' | 'blackhole' =>
  tables.byAddress.get(`${address}:${port}`) ?? tables.byPort.get(port) ?? tables.unknown;
