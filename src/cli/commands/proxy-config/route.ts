import { untyped } from '../../../envoy/config-dump.ts';
import { routeTable } from '../../../envoy/routes.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import {
  FORMATS,
  POD_ARGUMENT,
  PROXY_EXIT_CODES,
  PROXY_OPTIONS,
  ROUTE_NAME,
  VERBOSE,
} from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump } from '../../proxy-config/read-dump.ts';
import { selectRoutes } from '../../proxy-config/sections.ts';

const QUERY = 'mask=dynamic_route_configs,static_route_configs';

export const proxyConfigRoute = defineCommand({
  summary: 'Shows the routes of a proxy, and the VirtualServices they come from.',
  examples: [
    ['heddle proxy-config route web-1.shop', 'of a pod'],
    ['heddle proxy-config route -f dump.json', 'every route of a saved config dump'],
    ['heddle proxy-config route -f dump.json --name 9080', 'those of one port'],
    ['heddle proxy-config route -f dump.json --name 9080 -o json', 'as Envoy has them'],
  ],
  arguments: [POD_ARGUMENT],
  options: { ...PROXY_OPTIONS, name: ROUTE_NAME, verbose: VERBOSE },
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config listener', 'heddle proxy-config cluster'],
  run: async (context, [pod], { name = '', verbose, ...target }) => {
    const proxy = openProxy({ pod, ...target }, context);
    const routes = selectRoutes(proxy, await readDump(proxy, QUERY), name);
    if (context.format === 'short') context.out.write(layOut(routeTable(routes, { named: false, verbose })));
    else await printEnvoyDocument(context, routes.map(untyped));
    return EXIT.ok;
  },
});
