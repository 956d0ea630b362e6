import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import type { FakeFault, FaultMatch } from './fake-api/faults.ts';
import { handleRequest, handleUpgrade } from './fake-api/handle.ts';
import type { ApiRequest } from './fake-api/request.ts';
import { createScene } from './fake-api/scene.ts';
import { createStore, type Store } from './fake-api/store.ts';
import type { ExecResult } from './fake-api/streams.ts';

/*
 * A Kubernetes API server in this process: discovery, objects with server-side apply, dry run, watches and paging, access
 * reviews, tokens, logs, exec and port-forwards to local ports, over real sockets.
 *
 *   const api = await startFakeApi({ objects: [namespace('istio-system')] });
 *   await runCli(['install', '-y', '--kubeconfig', api.kubeconfig]);
 *   api.store.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'istio-system', name: 'istiod' });
 *   api.requests.filter(({ verb }) => verb === 'patch')
 *   await api.close();
 *
 * `store.onChange` is where a test plays a controller: it hears every change and may `store.put` a status.
 * `fault` makes requests fail: `api.fault({ verb: 'patch', resource: 'deployments', times: 1 }, { statusCode: 409 })`.
 */

export interface FakeApiOptions {
  readonly objects?: readonly KubernetesObject[];
  readonly gitVersion?: string;
  /** Serves TLS with this certificate; the kubeconfig trusts `ca`. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** What the kubeconfig calls the server's address; its real one where absent. */
  readonly server?: string;
  /** The kubeconfig's user; one with the token `secret-of-test` where absent. */
  readonly user?: Readonly<Record<string, unknown>>;
}

export interface FakeApi {
  readonly url: string;
  /** Path of a kubeconfig with the context `fake`. */
  readonly kubeconfig: string;
  readonly store: Store;
  readonly requests: readonly ApiRequest[];
  /** Adds a fault; the first that fits a request counts. */
  fault(match: FaultMatch, fault: FakeFault): void;
  clearFaults(): void;
  /** Refuses with 403, and says no to access reviews. */
  forbid(match: Pick<FaultMatch, 'verb' | 'resource'>): void;
  /** Forwards a port of a pod to a port of this machine. */
  forward(namespace: string, pod: string, port: number, localPort: number): void;
  setLog(namespace: string, pod: string, text: string): void;
  onExec(answer: (command: readonly string[], pod: string) => ExecResult): void;
  /** Told each time a watch has begun. */
  onWatch(listener: () => void): void;
  /** Writes the kubeconfig again, with this proxy. */
  useProxy(url: string): Promise<void>;
  /** How many connections have been made. */
  connections(): number;
  /** Ends every watch, as the server does from time to time. */
  endWatches(): void;
  /** Cuts every connection. */
  cut(): void;
  /** Cuts every connection and stops listening: the server dies. */
  close(): Promise<void>;
}

const writeKubeconfig = async (
  file: string,
  url: string,
  { tls, user, server }: FakeApiOptions,
  proxy?: string,
): Promise<void> => {
  const trusted = tls?.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(tls.ca).toString('base64') };
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'test' } }],
      clusters: [{ name: 'fake', cluster: { server: server ?? url, 'proxy-url': proxy, ...trusted } }],
      users: [{ name: 'test', user: user ?? { token: 'secret-of-test' } }],
    }),
  );
};

/** Starts it on a free port of the loopback. */
export const startFakeApi = async (options: FakeApiOptions = {}): Promise<FakeApi> => {
  const store = createStore();
  for (const object of options.objects ?? []) store.put(object);
  const scene = createScene(store, options.gitVersion ?? 'v1.33.1');
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer()
      : createTlsServer({ ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false });
  server.on('request', (incoming, response) => void handleRequest(scene, incoming, response));
  // Those that became something else than HTTP are no longer the server's own to close.
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    connections++;
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming, socket, head) => handleUpgrade(scene, incoming, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const directory = await mkdtemp(join(tmpdir(), 'heddle-fake-api-'));
  const kubeconfig = join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, url, options);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url,
    kubeconfig,
    store,
    requests: scene.requests,
    fault: scene.faults.add,
    clearFaults: () => {
      scene.faults.clear();
      scene.forbidden.length = 0;
    },
    forbid: (match) => void scene.forbidden.push(match),
    forward: (namespace, pod, port, localPort) => void scene.forwards.set(`${namespace}/${pod}:${port}`, localPort),
    setLog: (namespace, pod, text) => void scene.logs.set(`${namespace}/${pod}`, text),
    onExec: (run) => {
      scene.exec = run;
    },
    onWatch: (listener) => {
      scene.onWatch = listener;
    },
    useProxy: (proxy) => writeKubeconfig(kubeconfig, url, options, proxy),
    connections: () => connections,
    endWatches: () => {
      for (const end of [...scene.watches]) end();
    },
    cut,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
};
