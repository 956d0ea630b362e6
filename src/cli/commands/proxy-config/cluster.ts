import { clusterTable } from '../../../envoy/clusters.ts';
import { untyped } from '../../../envoy/config-dump.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import {
  DIRECTION,
  FORMATS,
  FQDN,
  POD_ARGUMENT,
  PORT,
  PROXY_EXIT_CODES,
  PROXY_OPTIONS,
  SUBSET,
} from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump } from '../../proxy-config/read-dump.ts';
import { selectClusters } from '../../proxy-config/sections.ts';

const QUERY = 'mask=dynamic_active_clusters,dynamic_warming_clusters,static_clusters';

export const proxyConfigCluster = defineCommand({
  summary: 'Shows the clusters of a proxy: where it can send requests.',
  examples: [
    ['heddle proxy-config cluster web-1.shop', 'of a pod'],
    ['heddle proxy-config cluster -f dump.json', 'all of a saved config dump'],
    ['heddle proxy-config cluster -f dump.json --fqdn reviews --direction outbound', 'those of one service'],
    ['heddle proxy-config cluster -f dump.json --port 9080 -o json', 'as Envoy has them'],
  ],
  arguments: [POD_ARGUMENT],
  options: { ...PROXY_OPTIONS, fqdn: FQDN, port: PORT, subset: SUBSET, direction: DIRECTION },
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config endpoint', 'heddle proxy-config route'],
  run: async (context, [pod], { fqdn = '', port = 0, subset = '', direction = '', ...target }) => {
    const proxy = openProxy({ pod, ...target }, context);
    const dump = await readDump(proxy, QUERY);
    const clusters = selectClusters(proxy, dump, { fqdn, port, subset, direction });
    if (context.format === 'short') context.out.write(layOut(clusterTable(clusters, false)));
    else await printEnvoyDocument(context, clusters.map(untyped));
    return EXIT.ok;
  },
});
