import { clusterTable } from '../../../envoy/clusters.ts';
import { type ConfigDump, sectionOf } from '../../../envoy/config-dump.ts';
import { assignmentsOf, endpointTable } from '../../../envoy/endpoints.ts';
import { listenerTable } from '../../../envoy/listeners.ts';
import { routeTable } from '../../../envoy/routes.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand, flag, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import {
  DIRECTION,
  FORMATS,
  FQDN,
  LISTENER_TYPE,
  POD_ARGUMENT,
  PORT,
  PROXY_EXIT_CODES,
  PROXY_OPTIONS,
  ROUTE_NAME,
  SUBSET,
  VERBOSE,
} from '../../proxy-config/options.ts';
import { printRaw } from '../../proxy-config/print.ts';
import { openProxy, type ProxyAdmin } from '../../proxy-config/proxy-admin.ts';
import { readDump } from '../../proxy-config/read-dump.ts';
import { secretText, selectClusters, selectListeners, selectRoutes, versionText } from '../../proxy-config/sections.ts';

/** The filters of all parts; what one part does not know is nothing to it. */
interface Filters {
  readonly fqdn: string;
  readonly direction: string;
  readonly subset: string;
  readonly port: number;
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly verbose: boolean;
}

/** The parts by their headings, in istioctl's order. */
const partsOf = (proxy: ProxyAdmin, dump: ConfigDump, filters: Filters): readonly (readonly [string, string])[] => {
  const endpoints = sectionOf(dump, 'EndpointsConfigDump');
  const shape = { named: true, verbose: filters.verbose };
  const assignments = endpoints === undefined ? [] : assignmentsOf(endpoints, { ...filters, cluster: '', status: '' });
  return [
    ['BOOTSTRAP', versionText(proxy, dump)],
    ['CLUSTER', layOut(clusterTable(selectClusters(proxy, dump, filters), true))],
    ['LISTENER', layOut(listenerTable(selectListeners(proxy, dump, filters), shape))],
    ['ROUTE', layOut(routeTable(selectRoutes(proxy, dump, filters.name), shape))],
    ['SECRET', secretText(proxy, dump, true)],
    ['ENDPOINTS', layOut(endpointTable(assignments, true))],
  ];
};

export const proxyConfigAll = defineCommand({
  summary: 'Shows everything a proxy has: versions, clusters, listeners, routes, secrets, endpoints.',
  examples: [
    ['heddle proxy-config all web-1.shop', 'of a pod'],
    ['heddle proxy-config all -f dump.json', 'of a config dump taken with ?include_eds=true'],
    ['heddle proxy-config all -f dump.json --with-headers --port 9080', 'with headings, of one port'],
    ['heddle proxy-config all -f dump.json -o json', 'the dump itself, without secrets'],
  ],
  arguments: [POD_ARGUMENT],
  options: {
    ...PROXY_OPTIONS,
    withHeaders: flag('--with-headers', 'a heading over each part'),
    fqdn: FQDN,
    direction: DIRECTION,
    subset: SUBSET,
    port: PORT,
    address: text('--address <address>', 'only listeners and endpoints on this address'),
    type: LISTENER_TYPE,
    name: ROUTE_NAME,
    verbose: VERBOSE,
  },
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config cluster', 'heddle proxy-config listener', 'heddle proxy-config route'],
  run: async (context, [pod], options) => {
    const { fqdn = '', direction = '', subset = '', port = 0, address = '', type = '', name = '', verbose } = options;
    const proxy = openProxy({ pod, ...options }, context);
    const dump = await readDump(proxy, 'include_eds=true');
    if (context.format !== 'short') {
      await printRaw(context, dump.root);
      return EXIT.ok;
    }
    const parts = partsOf(proxy, dump, { fqdn, direction, subset, port, address, type, name, verbose });
    const texts = parts.map(([title, part]) => (options.withHeaders ? `------ ${title} INFO ------\n\n${part}` : part));
    context.out.write(texts.join('\n'));
    return EXIT.ok;
  },
});
