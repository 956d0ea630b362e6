import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeshControl } from '../../src/admin/control.ts';
import type { LogLine, MeshStatus, ReloadResult, TapEvent, UpSummary } from '../../src/admin/protocol.ts';
import type { ProxyControl } from '../../src/admin/proxies.ts';
import { type AdminServer, createAdminServer } from '../../src/admin/server.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Problem } from '../../src/base/problem.ts';
import { type Lock, openStateDir, type StateDir } from '../../src/local/state.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';

export const TOKEN = 'dGhpcyBpcyBub3QgYSBzZWNyZXQgYnV0IGEgdGVzdA';

const status: MeshStatus = {
  items: [
    {
      kind: 'Workload',
      namespace: 'example-namespace',
      name: 'hello-service',
      version: '',
      replicas: 1,
      ready: 1,
      sidecar: { injected: true, reason: 'namespace label istio-injection=enabled' },
      standIn: true,
      application: 'http-echo stand-in for hashicorp/http-echo',
      inbound: ['127.16.1.1:5678'],
      serviceAccount: 'default',
      spiffeId: 'spiffe://cluster.local/ns/example-namespace/sa/default',
    },
  ],
  services: [
    {
      namespace: 'example-namespace',
      name: 'hello-service',
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
      url: 'http://hello-service.example-namespace.localhost:8080/',
    },
  ],
  gateways: [],
};

export const SUMMARY: UpSummary = {
  apiVersion: 'heddle/v1',
  kind: 'LocalSummary',
  namespaces: [{ name: 'example-namespace', injection: true, reason: 'namespace label istio-injection=enabled' }],
  workloads: [
    {
      kind: 'Deployment',
      namespace: 'example-namespace',
      name: 'hello-service',
      replicas: 1,
      sidecar: { injected: true, reason: 'namespace label istio-injection=enabled' },
    },
  ],
  services: status.services,
  gateways: [],
  standIns: [
    {
      namespace: 'example-namespace',
      workload: 'hello-service',
      container: 'hello-container',
      image: 'hashicorp/http-echo',
    },
  ],
  problems: [],
};

const SYNTAX_ERROR: Problem = {
  severity: 'error',
  code: 'YAML_SYNTAX',
  message: 'a mapping is not closed',
  span: { file: 'a.yaml', line: 3, column: 5, endLine: 3, endColumn: 6 },
};

/** A mesh without proxies: it answers the admin API from literals and remembers what it was told. */
class FakeControl implements MeshControl {
  readonly calls: string[] = [];
  lines: readonly LogLine[] = [];
  readonly bound = new Set<string>();
  records: readonly AccessRecord[] = [];
  events: readonly TapEvent[] = [];
  readonly proxies: ProxyControl = {
    list: () => ({ apiVersion: 'heddle/v1', kind: 'ProxyList', version: '1.0.0', loadedMs: 0, items: [] }),
    configDump: () => ({ configs: [] }),
    clusters: () => ({ cluster_statuses: [] }),
    stats: () => '',
  };
  proxy = { host: '127.0.0.1', port: 9 };
  isReloadValid = true;
  onStop: () => void = () => {};

  summary() {
    return SUMMARY;
  }
  status() {
    return status;
  }
  async reload(): Promise<ReloadResult> {
    this.calls.push('reload');
    return {
      apiVersion: 'heddle/v1',
      kind: 'LocalReload',
      applied: this.isReloadValid,
      generation: 2,
      changed: this.isReloadValid ? ['Service default/a added'] : [],
      problems: this.isReloadValid ? [] : [SYNTAX_ERROR],
    };
  }
  stop() {
    this.calls.push('stop');
    setImmediate(this.onStop);
  }
  async *logs(
    { tail, workload, follow }: { tail: number | undefined; workload: string | undefined; follow: boolean },
    signal: AbortSignal,
  ) {
    const wanted = this.lines.filter(({ proxy }) => workload === undefined || proxy.startsWith(workload));
    yield* tail === undefined ? wanted : wanted.slice(wanted.length - tail);
    if (follow && !signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  }
  async *tap({ tail }: { tail: number | undefined }) {
    yield* tail === undefined ? this.events : this.events.slice(this.events.length - tail);
  }
  curlTarget(from: string | undefined) {
    if (from === 'nobody')
      throw new Fault('no workload is called "nobody"', {
        kind: 'usage',
        code: 'NO_SUCH_WORKLOAD',
        hint: 'did you mean "somebody"?',
      });
    const target = { apiVersion: 'heddle/v1', kind: 'CurlTarget', proxy: this.proxy } as const;
    return { ...target, workload: from ?? 'client', namespace: 'heddle-system' };
  }
  trace(requestId: string) {
    this.calls.push(`trace ${requestId === '' ? 'nothing' : 'one'}`);
    return this.records;
  }
  async bind({ app, port }: { readonly app: string; readonly port: number }) {
    this.calls.push(`bind ${app} ${port}`);
    this.bound.add('b1');
    const binding = { apiVersion: 'heddle/v1', kind: 'Binding', id: 'b1', workload: app, proxy: this.proxy } as const;
    return { ...binding, namespace: 'default', spiffeId: `spiffe://cluster.local/ns/default/sa/${app}` };
  }
  async unbind(id: string) {
    if (this.bound.delete(id)) this.calls.push(`unbind ${id}`);
  }
  metrics() {
    return 'istio_requests_total 1\n';
  }
}

/** A fake mesh that commands find through its state directory, as they find a real one. */
export interface FakeMesh {
  readonly control: FakeControl;
  readonly server: AdminServer;
  readonly stateDir: StateDir;
  /** What commands need in their environment to find it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export const startFakeMesh = async (): Promise<FakeMesh> => {
  const stateDir = await openStateDir(await mkdtemp(join(tmpdir(), 'heddle-test-')));
  const control = new FakeControl();
  const adminSocket = stateDir.file('admin.sock');
  const server = await createAdminServer({ control, token: TOKEN, startId: 'start', socketPath: adminSocket });
  const lock: Lock = await stateDir.lock(process.pid);
  control.onStop = () => void lock.release();
  await stateDir.writeToken(TOKEN);
  await stateDir.writeRecord({
    pid: process.pid,
    startId: 'start',
    adminSocket,
    adminPort: server.port,
    gatewayPort: 8080,
    paths: ['hello.yaml'],
  });
  return {
    control,
    server,
    stateDir,
    env: { HEDDLE_STATE_DIR: stateDir.path },
    close: async () => {
      await server.close();
      await rm(stateDir.path, { recursive: true, force: true });
    },
  };
};
