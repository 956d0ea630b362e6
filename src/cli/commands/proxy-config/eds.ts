import { sectionOf } from '../../../envoy/config-dump.ts';
import { assignmentsOf, endpointTable } from '../../../envoy/endpoints.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import {
  CLUSTER,
  FORMATS,
  POD_ARGUMENT,
  PORT,
  PROXY_EXIT_CODES,
  PROXY_OPTIONS,
  STATUS,
} from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump } from '../../proxy-config/read-dump.ts';

export const proxyConfigEds = defineCommand({
  summary: 'Shows the endpoints istiod gave a proxy, with their localities.',
  examples: [
    ['heddle proxy-config eds web-1.shop', 'of a pod'],
    ['heddle proxy-config eds -f dump.json', 'of a config dump taken with ?include_eds=true'],
    ["heddle proxy-config eds -f dump.json --cluster 'outbound|80||reviews.shop'", 'of a cluster'],
  ],
  arguments: [POD_ARGUMENT],
  options: {
    ...PROXY_OPTIONS,
    address: text('--address <ip:port>', 'only this endpoint'),
    port: PORT,
    cluster: CLUSTER,
    status: STATUS,
  },
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config endpoint'],
  run: async (context, [pod], { address = '', port = 0, cluster = '', status = '', ...target }) => {
    const proxy = openProxy({ pod, ...target }, context);
    const section = sectionOf(await readDump(proxy, 'include_eds=true'), 'EndpointsConfigDump');
    if (section === undefined && !context.quiet)
      context.err.line(`Warning: ${proxy.name} has no endpoints; take the dump with /config_dump?include_eds=true`);
    const assignments = section === undefined ? [] : assignmentsOf(section, { address, port, cluster, status });
    if (context.format === 'short') context.out.write(layOut(endpointTable(assignments, false)));
    else await printEnvoyDocument(context, assignments);
    return EXIT.ok;
  },
});
