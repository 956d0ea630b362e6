import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import type { IstioAssets } from './assets.ts';
import type { TestIstiod } from './istiod.ts';
import type { TestKubernetes } from './kubernetes.ts';
import { forwardPorts } from './kwok.ts';
import { envOf, type Pod, requestToken } from './pod.ts';
import { type Program, startProgram, waitFor } from './program.ts';

/** A real pilot-agent with its Envoy that serves as a pod's istio-proxy. */
export interface TestProxy {
  readonly pod: Pod;
  readonly program: Program;
  /** Loopback port of Envoy's admin interface. */
  readonly admin: number;
}

/** Settings of an installation whose proxies are upstream Envoys, which refuse configuration with Istio's own filters. */
export const PLAIN_ENVOY: readonly string[] = [
  'values.telemetry.enabled=false',
  'values.pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false',
  'values.pilot.env.PILOT_ENABLE_ALPN_FILTER=false',
];

/**
 * pilot-agent reads fixed paths, which a mount namespace of its own makes without touching the machine's: $1 is laid
 * over /etc and $2 over /var/run.
 */
const MOUNT_AND_RUN = [
  'mount -t tmpfs none /etc && cp -r "$1/." /etc',
  'mount -t tmpfs none /var/run && cp -r "$2/." /var/run',
  'mkdir -p /var/run/secrets/workload-spiffe-uds && cd / && shift 2 && exec "$@"',
].join(' && ');

const lines = (map: Readonly<Record<string, string>> = {}): string =>
  Object.entries(map)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('');

const writeTree = (root: string, files: Readonly<Record<string, string>>): void => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text, { mode: 0o600 });
  }
};

const rootCertificate = (cluster: TestKubernetes, istiod: TestIstiod, namespace: string): Promise<string> =>
  waitFor(istiod.program, `the mesh's root certificate in ${namespace}`, async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/istio-ca-root-cert`;
    return (await cluster.api.get<{ readonly data: Readonly<Record<string, string>> }>(path)).data['root-cert.pem'];
  });

/** Ports on which the proxies of one network would meet; those of listeners (15001, 15006) they share. */
interface ProxyPorts {
  readonly admin: number;
  readonly status: number;
  readonly ready: number;
  readonly metrics: number;
}

const proxyConfig = (given: string | undefined, assets: IstioAssets, ports: ProxyPorts): string =>
  JSON.stringify({
    ...(JSON.parse(given === undefined || given === '' ? '{}' : given) as object),
    proxyAdminPort: ports.admin,
    statusPort: ports.status,
    binaryPath: assets.envoy,
    proxyBootstrapTemplatePath: assets.bootstrap,
    concurrency: 1,
  });

/** Runs a pod's istio-proxy, sidecar or gateway, as its spec says, and waits until it is ready. */
export const startProxy = async (
  cluster: TestKubernetes,
  assets: IstioAssets,
  istiod: TestIstiod,
  pod: Pod,
): Promise<TestProxy> => {
  const { name, namespace, labels, annotations } = pod.metadata;
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (each) => each.name === 'istio-proxy',
  );
  if (container === undefined) throw new Error(`pod ${name} of ${namespace} has no istio-proxy`);
  const token = await requestToken(cluster.api, namespace, pod.spec.serviceAccountName, 'istio-ca');
  const directory = join(cluster.directory, `proxy-${name}`);
  const etc = join(directory, 'etc');
  const run = join(directory, 'run');
  writeTree(etc, {
    hosts: `127.0.0.1 localhost\n${istiod.pod.status.podIP} ${istiod.host}\n`,
    'istio/pod/labels': lines(labels),
    'istio/pod/annotations': lines(annotations),
    'istio/proxy/.keep': '',
  });
  writeTree(run, {
    'secrets/tokens/istio-token': token,
    'secrets/istio/root-cert.pem': await rootCertificate(cluster, istiod, namespace),
  });

  const ports: ProxyPorts = {
    admin: await freePort(),
    status: await freePort(),
    ready: await freePort(),
    metrics: await freePort(),
  };
  await forwardPorts(cluster.api, pod.metadata, [
    { port: 15000, target: ports.admin },
    { port: 15020, target: ports.status },
    { port: 15021, target: ports.ready },
    { port: 15090, target: ports.metrics },
  ]);
  const given = envOf(pod, container);
  const env = {
    ...given,
    PATH: process.env['PATH'],
    HOME: directory,
    PROXY_CONFIG: proxyConfig(given['PROXY_CONFIG'], assets, ports),
    ENVOY_STATUS_PORT: String(ports.ready),
    ENVOY_PROMETHEUS_PORT: String(ports.metrics),
    OUTPUT_CERTS: '',
  };
  const agent = [
    ...[assets.pilotAgent, 'proxy', container.args?.[1] ?? 'sidecar', '--domain', `${namespace}.svc.cluster.local`],
    ...['--proxyLogLevel=warning', '--proxyComponentLogLevel=misc:error', '--log_output_level=default:info'],
  ];
  const argv = ['unshare', '--mount', 'sh', '-c', MOUNT_AND_RUN, 'sh', etc, run, ...agent];
  const program = startProgram(`proxy-${name}`, argv, { directory, env });
  cluster.adopt(program);
  await waitFor(program, `the proxy of ${name} to be ready`, async () => {
    const { ok } = await fetch(`http://127.0.0.1:${ports.ready}/healthz/ready`);
    return ok || undefined;
  });
  return { pod, program, admin: ports.admin };
};
