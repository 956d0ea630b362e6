import { suffixTable } from '../suffix-table.ts';
import type { RouteTable, VirtualHost } from '../tables.ts';

/** Indexes virtual hosts; a domain belongs to the first that claims it. */
export const buildRouteTable = (
  name: string,
  virtualHosts: readonly VirtualHost[],
  ignorePort: boolean,
): RouteTable => {
  const exact = new Map<string, VirtualHost>();
  const suffixes = new Map<string, VirtualHost>();
  let any: VirtualHost | undefined;
  for (const virtualHost of virtualHosts) {
    for (const domain of virtualHost.domains) {
      const key = domain.toLowerCase();
      if (key === '*') any ??= virtualHost;
      else if (key.startsWith('*')) {
        if (!suffixes.has(key.slice(1))) suffixes.set(key.slice(1), virtualHost);
      } else if (!exact.has(key)) exact.set(key, virtualHost);
    }
  }
  return { name, exact, suffixes: suffixTable(suffixes), any, ignorePort };
};
