import { CLUSTER_EXIT_CODES, clusterFlags, istioNamespaceFlag } from '../cluster/flags.ts';
import { defineCommand, durationMs, flag, integer, type OptionSpec, text } from '../command.ts';
import { LOCAL, POD_OPTIONS } from '../proxy-config/options.ts';

const TIMEOUT_MS = 30_000;

const level = integer('-v, --verbosity [level]', '1, as -v alone: a column for every type there is', {
  min: 0,
  max: 1,
});

/** istioctl's `-v 1`; without a number it is 1, since `-v` says elsewhere that more is wanted. */
const VERBOSITY: OptionSpec<number> = {
  ...level,
  read: (given) => level.read(given.map((text) => (text === 'true' ? '1' : text))) ?? 0,
};

export const proxyStatus = defineCommand({
  summary: 'Shows whether each proxy has what istiod wants it to have, and why not.',
  examples: [
    ['heddle proxy-status', 'every proxy of the mesh'],
    ['heddle proxy-status -n shop -w', 'those of a namespace, again and again'],
    ['heddle proxy-status web-1.shop', 'in which objects and fields one proxy differs from what istiod wants'],
    ['heddle proxy-status --local', 'of the mesh running on this machine'],
    ['heddle proxy-status --fail-on stale', 'for scripts: fail unless all proxies have the newest'],
  ],
  arguments: [{ name: 'POD', summary: 'a proxy, to be compared: [TYPE/]NAME[.NAMESPACE]' }],
  options: {
    local: LOCAL,
    namespace: text('-n, --namespace <namespace>', 'only proxies of this namespace; with POD, where it is'),
    istioNamespace: istioNamespaceFlag,
    revision: text('-r, --revision <name>', 'ask the istiods of this revision only'),
    failOn: text('--fail-on <state>', 'fail on error (a proxy refused something) or on stale (or is behind)'),
    watch: flag('-w, --watch', 'show every change until Ctrl-C'),
    verbosity: VERBOSITY,
    file: text('--file <file>', "with POD: Envoy's config dump, saved, in place of asking the pod"),
    xds: flag('--xds', 'ask istiod over XDS, not its debug port'),
    xdsLabel: text('--xds-label <labels>', 'the labels of the istiods to ask (app=istiod)'),
    xdsPort: integer('--xds-port <number>', 'the XDS port of istiod (15012), which is then asked', {
      min: 1,
      max: 65_535,
    }),
    plaintext: flag('--plaintext', 'ask over XDS without TLS (port 15010)'),
    timeout: durationMs('--timeout <duration>', 'how long an istiod may take to answer (30s)', TIMEOUT_MS),
    proxyAdminPort: POD_OPTIONS.proxyAdminPort,
    ...clusterFlags,
  },
  formats: ['table', 'wide', 'json', 'yaml', 'name'],
  exitCodes: {
    ...CLUSTER_EXIT_CODES,
    65: 'with POD: a dump cannot be read',
    69: 'the cluster, istiod or the proxy cannot be reached',
    75: 'the cluster, istiod or the proxy did not answer in time',
    79: 'with --fail-on: a proxy is in that state',
    81: 'with POD: the proxy has something else than istiod wants',
  },
  notes: [
    'SYNCED: the proxy confirmed what istiod sent last, so long ago. STALE: it did not yet. ERROR: it refused it and goes on with what it had before; the reason is below the table. NOT SENT: istiod has nothing of it for the proxy. IGNORED: the proxy does not ask for it.',
    'Every istiod of every revision is asked, over a port-forward to its debug port, or over XDS where that is closed. Pods with a sidecar that none of them knows are listed as NOT CONNECTED.',
  ],
  seeAlso: ['heddle proxy-config', 'heddle version'],
  handlesInterrupt: true,
  run: async (context, [pod], options) =>
    (await import('../proxy-status/proxy-status.ts')).proxyStatus(context, pod, options),
});
