import { Fault } from '../../../base/fault.ts';
import { clusterStatusesOf, hostTable } from '../../../envoy/host-statuses.ts';
import { isObject, listAt } from '../../../envoy/json.ts';
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
import { openProxy, type ProxyAdmin } from '../../proxy-config/proxy-admin.ts';
import { readAnswer } from '../../proxy-config/read-dump.ts';

const readClusters = async (proxy: ProxyAdmin): Promise<object> => {
  const answer = readAnswer(proxy.name, await proxy.clusters());
  if (isObject(answer)) return answer;
  throw new Fault(`${proxy.name} is JSON, but not an object and so not Envoy's answer to /clusters`, {
    kind: 'input',
    code: 'NOT_CLUSTERS',
    hint: "take it with: curl 'localhost:15000/clusters?format=json'",
  });
};

export const proxyConfigEndpoint = defineCommand({
  summary: 'Shows the endpoints a proxy uses, with what outlier detection says of them.',
  examples: [
    ['heddle proxy-config endpoint web-1.shop', 'of a pod'],
    ['heddle proxy-config endpoint -f clusters.json', "of Envoy's saved answer to /clusters?format=json"],
    ['heddle proxy-config endpoint -f clusters.json --status unhealthy', 'those it does not send to'],
  ],
  arguments: [POD_ARGUMENT],
  options: {
    ...PROXY_OPTIONS,
    address: text('--address <address>', 'only endpoints of this address'),
    port: PORT,
    cluster: CLUSTER,
    status: STATUS,
  },
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  notes: ['A config dump has no such endpoints; heddle proxy-config eds reads those it has.'],
  seeAlso: ['heddle proxy-config eds', 'heddle proxy-config cluster'],
  run: async (context, [pod], { address = '', port = 0, cluster = '', status = '', ...target }) => {
    const proxy = openProxy({ pod, ...target }, context);
    const answer = await readClusters(proxy);
    const filter = { address, port, cluster, status };
    if (!('cluster_statuses' in answer || 'clusterStatuses' in answer) && !context.quiet)
      context.err.line(
        listAt(answer, 'configs').length > 0
          ? `Warning: ${proxy.name} is a config dump; heddle proxy-config eds reads its endpoints`
          : `Warning: ${proxy.name} is not Envoy's answer to /clusters?format=json: no clusters are in it`,
      );
    if (context.format === 'short') context.out.write(layOut(hostTable(answer, filter)));
    else await printEnvoyDocument(context, clusterStatusesOf(answer, filter));
    return EXIT.ok;
  },
});
