import type { Context } from '../command.ts';
import { connectMesh } from '../mesh/connect.ts';
import type { ProxyAdmin } from './proxy-admin.ts';

/** What of a proxy's tables its dump has no place for, as the mesh says; none where it says nothing. */
const leftOutOf = (dump: object): readonly string[] => {
  if (!('heddle' in dump) || typeof dump.heddle !== 'object' || dump.heddle === null) return [];
  const { heddle } = dump;
  return 'leftOut' in heddle && Array.isArray(heddle.leftOut) ? heddle.leftOut : [];
};

/** A proxy of the mesh running on this machine: `[TYPE/]NAME[.NAMESPACE]` of a pod or workload. */
export const createLocalAdmin = (proxy: string, namespace: string | undefined, context: Context): ProxyAdmin => {
  const { err, io, quiet } = context;
  const which = { proxy, namespace };
  return {
    name: `the proxy of ${proxy}`,
    configDump: async (query) => {
      const asked = new URLSearchParams(query);
      const { proxies } = await connectMesh(io);
      const dump = await proxies.configDump({
        ...which,
        includeEndpoints: asked.get('include_eds') === 'true',
        mask: asked.get('mask')?.split(',') ?? [],
        wanted: false,
      });
      const left = leftOutOf(dump);
      if (left.length > 0 && !quiet)
        err.line(`Note: in force at ${proxy} and not in Envoy's form here: ${left.join(', ')}`);
      return JSON.stringify(dump);
    },
    clusters: async () => JSON.stringify(await (await connectMesh(io)).proxies.clusters(which)),
  };
};
