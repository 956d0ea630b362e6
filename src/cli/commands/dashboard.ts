import { Fault } from '../../base/fault.ts';
import { CLUSTER_EXIT_CODES, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { type Context, defineCommand, enabled, integer, text } from '../command.ts';
import { openBrowser } from '../dashboard/browser.ts';
import { forwardPort } from '../dashboard/forward.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { PROXY_ADMIN_PORT } from '../proxy-config/options.ts';

const PORTS = { min: 1, max: 65_535 };
const LOOPBACK = '127.0.0.1';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const addressOf = (given: string, { err }: Context): string => {
  const address = given === 'localhost' ? LOOPBACK : given;
  if (!/^[\d.]+$|:/.test(address))
    throw new Fault(`--address wants an IP address or localhost, not "${given}"`, {
      kind: 'usage',
      code: 'BAD_FLAG_VALUE',
    });
  if (!/^127\.|^::1$/.test(address))
    err.line(`${err.paint.yellow('warning:')} ${address} can be reached from other machines`);
  return address;
};

const noName = (): Fault =>
  new Fault('no dashboard is named', {
    kind: 'usage',
    code: 'MISSING_ARGUMENT',
    hint: 'such as heddle dashboard kiali',
  });

export const dashboard = defineCommand({
  summary: 'Opens a web page of a pod through a port of this machine: Kiali, Grafana, Envoy, istiod, ...',
  examples: [
    ['heddle dashboard kiali', 'until Ctrl-C'],
    ['heddle dashboard envoy deployment/web.shop', "the admin page of a pod's proxy"],
    ['heddle dashboard istiod-debug -r canary', 'the debug pages of a control plane'],
    ['heddle dashboard prometheus --browser=false --port 9091', 'only the address, for scripts'],
  ],
  arguments: [
    {
      name: 'NAME',
      summary: 'controlz, envoy, grafana, istiod-debug, jaeger, kiali, prometheus, proxy, skywalking, zipkin',
      required: true,
    },
    { name: 'POD', summary: 'whose proxy, or which istiod: [TYPE/]NAME[.NAMESPACE]' },
  ],
  options: {
    address: text('--address <ip>', 'listen here (localhost)'),
    port: integer('-p, --port <number>', 'listen on this port; otherwise one like in the pod', PORTS),
    browser: enabled('--browser', 'open it in the browser, where there is a terminal'),
    uiPort: integer('--ui-port <number>', "the port in the pod, where it is not the program's usual one", PORTS),
    selector: text('-l, --selector <labels>', 'the pod with these labels'),
    revision: text('-r, --revision <name>', 'with controlz and istiod-debug: of this revision'),
    namespace: text('-n, --namespace <name>', "namespace of the pod; otherwise the context's"),
    proxyAdminPort: PROXY_ADMIN_PORT,
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  handlesInterrupt: true,
  exitCodes: { ...CLUSTER_EXIT_CODES, 1: 'there is no such pod', 73: 'the port is taken' },
  notes: ["The connection is the API server's port-forward: nothing in the cluster changes. It ends with Ctrl-C."],
  seeAlso: ['heddle metrics', 'heddle proxy-config'],
  run: async (context, [name, pod], options) => {
    if (name === undefined) throw noName();
    const address = addressOf(options.address ?? 'localhost', context);
    const { findTarget } = await import('../dashboard/targets.ts');
    return withCluster(context, options, async (cluster) => {
      const { namespace, selector: labels, revision, proxyAdminPort, uiPort: remotePort } = options;
      const { istioNamespace = ISTIO_NAMESPACE } = options;
      const wanted = { name, pod, labels, namespace, istioNamespace, revision, proxyAdminPort, remotePort };
      const target = await findTarget(cluster, wanted);
      const { metadata } = target.pod;
      const forward = await forwardPort(cluster, {
        pod: { namespace: metadata.namespace ?? '', name: metadata.name },
        remotePort: target.port,
        address,
        localPort: options.port,
        onFault: ({ message }) => context.err.line(`${context.err.paint.yellow('warning:')} ${message}`),
      });
      try {
        const host = address.includes(':') ? `[${address}]` : address === LOOPBACK ? 'localhost' : address;
        const url = `http://${host}:${forward.port}${target.path}`;
        const place = `${metadata.name}.${metadata.namespace}`;
        await printDocument(context, { kind: 'Dashboard', name, pod: place, url }, () => `${url}\n`);
        if (options.browser && context.out.isTty)
          openBrowser(url, context.io.platform, () => context.err.line(`There is no browser to open; visit ${url}`));
        if (!context.quiet) context.err.line(`${name} of ${place}; Ctrl-C ends it.`);
        await untilAborted(context.signal);
      } finally {
        await forward.close();
      }
      return EXIT.ok;
    });
  },
});
