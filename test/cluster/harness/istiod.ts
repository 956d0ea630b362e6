import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import type { IstioAssets } from './assets.ts';
import type { TestKubernetes } from './kubernetes.ts';
import { forwardPorts } from './kwok.ts';
import { literalEnv, type Pod, requestToken, runningPod } from './pod.ts';
import { type Program, startProgram, waitFor } from './program.ts';

/** A real istiod that serves as one of the cluster's istiod pods. */
export interface TestIstiod {
  readonly pod: Pod;
  readonly program: Program;
  /** The name of its Service, by which proxies find it. */
  readonly host: string;
}

export interface IstiodOptions {
  /** The revision whose pod it becomes. */
  readonly revision?: string;
  /** Beside what the pod's spec says. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Port 8080 of every address is left to gateways, which share the network. */
const HTTP_PORT = 18_080;

const writeKubeconfig = (cluster: TestKubernetes, token: string, file: string): void => {
  const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { token };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
};

/**
 * Runs pilot-discovery at the address of an installed istiod's pod, with its environment and service account, and waits
 * until it is ready. Pods created before are not injected. It ends with the cluster's other programs.
 */
export const startIstiod = async (
  cluster: TestKubernetes,
  assets: IstioAssets,
  options: IstiodOptions = {},
): Promise<TestIstiod> => {
  const { api, directory } = cluster;
  const selector = ['app=istiod', ...(options.revision === undefined ? [] : [`istio.io/rev=${options.revision}`])];
  const pod = await runningPod(cluster, 'istio-system', selector.join(','));
  const { name, namespace } = pod.metadata;
  const serviceAccount = pod.spec.serviceAccountName;
  const kubeconfig = join(directory, `${name}.kubeconfig`);
  writeKubeconfig(cluster, await requestToken(api, namespace, serviceAccount), kubeconfig);

  const address = pod.status.podIP;
  // What is told to loopback clients alone, and would be by a port-forward.
  const monitoring = await freePort();
  const control = await freePort();
  await forwardPorts(api, { namespace, name }, [
    { port: 8080, address, target: HTTP_PORT },
    { port: 9876, target: control },
    ...[15010, 15012, 15017].map((port) => ({ port, address, target: port })),
    { port: 15014, target: monitoring },
  ]);
  const argv = [
    ...[assets.pilotDiscovery, 'discovery', `--kubeconfig=${kubeconfig}`, '--domain=cluster.local'],
    ...[`--httpAddr=${address}:${HTTP_PORT}`, `--httpsAddr=${address}:15017`, `--grpcAddr=${address}:15010`],
    ...[`--secureGRPCAddr=${address}:15012`, `--monitoringAddr=127.0.0.1:${monitoring}`, `--ctrlz_port=${control}`],
    ...['--log_output_level=default:info', '--keepaliveMaxServerConnectionAge=30m'],
  ];
  const env = {
    ...literalEnv(pod.spec.containers[0]),
    PATH: process.env['PATH'],
    KUBECONFIG: kubeconfig,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    SERVICE_ACCOUNT: serviceAccount,
    POD_IP: address,
    ...options.env,
  };
  const program = startProgram(name, argv, { directory, env });
  cluster.adopt(program);
  await waitFor(program, 'istiod to be ready', async () => {
    const { ok } = await fetch(`http://${address}:${HTTP_PORT}/ready`);
    return ok || undefined;
  });
  const service = options.revision === undefined ? 'istiod' : `istiod-${options.revision}`;
  return { pod, program, host: `${service}.${namespace}.svc` };
};
