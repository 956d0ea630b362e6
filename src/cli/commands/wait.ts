import { CLUSTER_EXIT_CODES, clusterFlags, istioNamespaceFlag } from '../cluster/flags.ts';
import { defineCommand, durationMs, integer, text } from '../command.ts';

const TIMEOUT_MS = 30_000;
const SETTLE_MS = 1_000;

const threshold = integer('--threshold <percent>', 'enough of the proxies, in percent (100)', { min: 1, max: 100 });

export const wait = defineCommand({
  summary: 'Waits until an object of the mesh, or its end, has reached istiod and the proxies.',
  examples: [
    ['heddle wait --for=distribution virtualservice web.shop', 'after kubectl apply'],
    ['heddle wait --for=delete virtualservice web.shop --timeout 1m', 'after kubectl delete'],
  ],
  arguments: [
    { name: 'TYPE', summary: 'the kind: virtualservice, destinationrule, httproute, ...', required: true },
    { name: 'NAME', summary: 'NAME[.NAMESPACE]', required: true },
  ],
  options: {
    for: text('--for <what>', 'distribution or delete (distribution)'),
    namespace: text('-n, --namespace <name>', 'its namespace'),
    threshold: { ...threshold, read: (given: readonly string[]) => threshold.read(given) ?? 100 },
    timeout: durationMs('--timeout <duration>', 'how long to wait at most (30s)', TIMEOUT_MS),
    settle: durationMs('--settle <duration>', 'how long all of it has to stay so (1s)', SETTLE_MS),
    istioNamespace: istioNamespaceFlag,
    revision: text('-r, --revision <name>', 'the istiods of this revision only'),
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    ...CLUSTER_EXIT_CODES,
    1: 'there is no such object, or no istiod runs',
    75: 'it did not get there in time',
  },
  notes: [
    'What is promised: every istiod has read this very version of the object (or its end), and after that, for as long as --settle says, enough of the proxies had confirmed all that istiod had sent them. istiod gathers changes for 100 ms before it sends them, for longer while more come: raise --settle where much is changing.',
    'That a proxy took the configuration does not say that it uses the object: heddle describe route.',
  ],
  seeAlso: ['heddle proxy-status', 'heddle describe route'],
  run: async (context, [type = '', name = ''], options) =>
    (await import('../wait/wait-for.ts')).waitFor(context, type, name, options),
});
