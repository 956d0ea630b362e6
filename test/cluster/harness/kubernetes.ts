import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { type Api, createApi } from './api.ts';
import type { KubernetesAssets } from './assets.ts';
import { type Authority, createAuthority, createTokenKeys, type KeyPair } from './keys.ts';
import { KWOK_KINDS, kwokDefinition } from './kwok.ts';
import { POD_CIDR } from './network.ts';
import { type Program, startProgram, waitFor } from './program.ts';

const SERVICE_CIDR = '10.96.0.0/16';
const CONTROLLERS = 'system:kube-controller-manager';

/** A Kubernetes cluster whose pods run no containers, with one node that is ready. */
export interface TestKubernetes {
  /** Of a cluster administrator. */
  readonly kubeconfig: string;
  /** Of `dev`, who may do nothing. */
  readonly devKubeconfig: string;
  readonly api: Api;
  /** The cluster's files and logs; removed at the end. */
  readonly directory: string;
  /** For tests of what happens when it dies. */
  readonly apiServer: Program;
  /** Stops a program together with the cluster, before the cluster's own. */
  adopt(program: Program): void;
  stop(): Promise<void>;
}

const kubeconfig = (port: number, ca: string, user: string, { certificate, key }: KeyPair): string => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      { name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(ca) } },
    ],
    users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
  });
};

interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly controllers: number;
  readonly scheduler: number;
  readonly kwok: number;
}

const choosePorts = async (): Promise<Ports> => ({
  api: await freePort(),
  etcd: await freePort(),
  etcdPeer: await freePort(),
  controllers: await freePort(),
  scheduler: await freePort(),
  kwok: await freePort(),
});

const argumentsOf = ({ programs }: KubernetesAssets, ports: Ports) => {
  const etcd = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    etcd: [
      ...[programs.etcd, '--name=test', '--data-dir=etcd', '--log-level=error', '--unsafe-no-fsync'],
      ...[`--listen-client-urls=${etcd}`, `--advertise-client-urls=${etcd}`, `--listen-peer-urls=${peer}`],
      ...[`--initial-advertise-peer-urls=${peer}`, `--initial-cluster=test=${peer}`],
    ],
    apiServer: [
      ...[programs.apiServer, `--etcd-servers=${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${ports.api}`],
      // An address that is not loopback is obligatory; nobody uses it, as no endpoints are written.
      ...['--advertise-address=10.244.255.1', '--endpoint-reconciler-type=none'],
      ...['--tls-cert-file=server.crt', '--tls-private-key-file=server.key', '--client-ca-file=ca.crt'],
      ...['--service-account-issuer=https://kubernetes.default.svc.cluster.local'],
      ...['--service-account-key-file=token.pub', '--service-account-signing-key-file=token.key'],
      ...['--authorization-mode=Node,RBAC', `--service-cluster-ip-range=${SERVICE_CIDR}`, '--allow-privileged=true'],
      // Webhooks are called at the addresses of their pods, as no kube-proxy gives Services theirs.
      ...['--enable-aggregator-routing=true', '--kubelet-preferred-address-types=InternalIP'],
      ...['--enable-priority-and-fairness=false', '--profiling=false'],
    ],
    controllers: [
      ...[programs.controllers, '--kubeconfig=controllers.kubeconfig', '--bind-address=127.0.0.1'],
      ...['--authentication-kubeconfig=controllers.kubeconfig', '--authorization-kubeconfig=controllers.kubeconfig'],
      ...['--leader-elect=false', '--service-account-private-key-file=token.key', '--root-ca-file=ca.crt'],
      ...['--use-service-account-credentials=false', `--secure-port=${ports.controllers}`, '--profiling=false'],
    ],
    scheduler: [
      ...[programs.scheduler, '--kubeconfig=scheduler.kubeconfig', '--bind-address=127.0.0.1'],
      ...['--authentication-kubeconfig=scheduler.kubeconfig', '--authorization-kubeconfig=scheduler.kubeconfig'],
      ...['--leader-elect=false', `--secure-port=${ports.scheduler}`],
    ],
    kwok: [
      ...[programs.kwok, `--config=${resolve(import.meta.dirname, 'stages.yaml')}`, '--kubeconfig=kubeconfig'],
      ...['--manage-all-nodes=true', '--node-ip=127.0.0.1', `--node-port=${ports.kwok}`],
      ...[`--server-address=127.0.0.1:${ports.kwok}`, `--cidr=${POD_CIDR}`, '--node-lease-duration-seconds=40'],
      ...['--tls-cert-file=server.crt', '--tls-private-key-file=server.key', `--enable-crds=${KWOK_KINDS}`],
    ],
  };
};

const writeFiles = async (directory: string, port: number, authority: Authority, admin: KeyPair): Promise<void> => {
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text, { mode: 0o600 });
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const server = await authority.issue(
    [{ CN: ['kube-apiserver'] }],
    [...names.map((value) => ({ type: 'dns', value }) as const), { type: 'ip', value: '127.0.0.1' }],
  );
  const tokens = createTokenKeys();
  write('ca.crt', authority.certificate);
  write('server.crt', server.certificate);
  write('server.key', server.key);
  write('token.pub', tokens.publicKey);
  write('token.key', tokens.privateKey);
  const as = async (file: string, user: string): Promise<void> =>
    write(file, kubeconfig(port, authority.certificate, user, await authority.issue([{ CN: [user] }])));
  write('kubeconfig', kubeconfig(port, authority.certificate, 'admin', admin));
  await as('dev.kubeconfig', 'dev');
  await as('controllers.kubeconfig', CONTROLLERS);
  await as('scheduler.kubeconfig', 'system:kube-scheduler');
};

const prepare = async (api: Api): Promise<void> => {
  // The controllers share one identity, which therefore needs the rights of each.
  await api.apply('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/test-controllers', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: CONTROLLERS }],
  });
  for (const definition of KWOK_KINDS.map(kwokDefinition)) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    await api.apply(path, definition);
  }
  const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': 'node-0' };
  await api.apply('/api/v1/nodes/node-0', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { labels },
    spec: { podCIDR: POD_CIDR, podCIDRs: [POD_CIDR] },
  });
};

interface Node {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Starts a cluster on free loopback ports and waits until its node is ready; stops what it started where that fails. */
export const startKubernetes = async (assets: KubernetesAssets): Promise<TestKubernetes> => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-cluster-'));
  const ports = await choosePorts();
  const authority = await createAuthority();
  const admin = await authority.issue([{ O: ['system:masters'] }, { CN: ['admin'] }]);
  await writeFiles(directory, ports.api, authority, admin);
  mkdirSync(join(directory, 'etcd'), { mode: 0o700 });

  const api = createApi(ports.api, authority.certificate, admin);
  const running: Program[] = [];
  const start = (name: string, argv: readonly string[]): Program => {
    const program = startProgram(name, argv, { directory });
    running.push(program);
    return program;
  };
  const stop = async (): Promise<void> => {
    // In reverse, one after the other: an API server needs etcd to end in order.
    for (const program of running.toReversed()) await program.stop();
    api.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const argv = argumentsOf(assets, ports);
    start('etcd', argv.etcd);
    const apiServer = start('kube-apiserver', argv.apiServer);
    await waitFor(apiServer, 'the API server to be ready', async () => {
      const { status } = await api.call('GET', '/readyz');
      return status === 200 || undefined;
    });
    await prepare(api);
    const controllers = start('kube-controller-manager', argv.controllers);
    start('kube-scheduler', argv.scheduler);
    const kwok = start('kwok', argv.kwok);
    await waitFor(kwok, 'the node to be ready', async () => {
      const { status } = await api.get<Node>('/api/v1/nodes/node-0');
      return status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' || undefined;
    });
    await waitFor(controllers, 'service accounts', () => api.get('/api/v1/namespaces/default/serviceaccounts/default'));
    const inDirectory = (name: string): string => join(directory, name);
    return {
      kubeconfig: inDirectory('kubeconfig'),
      devKubeconfig: inDirectory('dev.kubeconfig'),
      api,
      directory,
      apiServer,
      adopt: (program) => running.push(program),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
