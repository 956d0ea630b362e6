import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasErrors } from '../../src/base/problem.ts';
import { openAuthority } from '../../src/ca/store.ts';
import { type AddressClaim, claimAddresses } from '../../src/local/claim.ts';
import { loadConfiguration } from '../../src/local/configuration.ts';
import { createMeshRuntime, type MeshRuntime } from '../../src/local/mesh-runtime.ts';
import type { RunningPod } from '../../src/local/running-pod.ts';
import { loopbackSockets, type SocketPlan } from '../../src/local/sockets.ts';
import type { EchoReport } from '../../src/local/stand-in/echo.ts';
import { createStandInHooks, startEchoServer } from '../../src/local/stand-in/stand-in.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { Case, CaseRequest } from './case-files.ts';
import type { NamedRecord } from './observe.ts';

/** One case's mesh, running on real sockets, with everything its proxies and applications reported so far. */
export interface CaseMesh {
  readonly hits: readonly EchoReport[];
  readonly records: readonly NamedRecord[];
  /** Problems of the configuration, one line each. */
  readonly problems: readonly string[];
  /** A connection as the case's client has it after interception; fails as a client's connect would. */
  connect(request: CaseRequest): Promise<Socket>;
  /** How many log records the request's own proxy writes. */
  recordsExpected(request: CaseRequest): number;
  close(): Promise<void>;
}

const octet = 44;
const outsideAddress = `10.${octet}.0.1`;

/** Mesh addresses stay 10.44.x.y whatever the block of loopback addresses, so that runs side by side do not collide. */
const planOfBlock = (block: number): SocketPlan => {
  const plan = loopbackSockets(octet);
  const toSocket = (address: string): string => address.replace(`10.${octet}.`, `127.${block}.`);
  return {
    ...plan,
    bindAddress: (address, port) => ({ host: toSocket(address), port }),
    socketOf: (address, port) => (address.startsWith(`10.${octet}.`) ? { host: toSocket(address), port } : undefined),
    meshAddressOf: (host) => host.replace(/^::ffff:/, '').replace(`127.${block}.`, `10.${octet}.`),
    sourceOf: toSocket,
  };
};

const dial = async (to: SocketAddress, from: string | undefined): Promise<Socket> => {
  const socket = connect({
    ...to,
    noDelay: true,
    allowHalfOpen: true,
    ...(from === undefined ? {} : { localAddress: from }),
  });
  await once(socket, 'connect');
  return socket;
};

/** Hands a connection over to a sidecar as captured on its way to an address. */
const handOver = async (socket: Socket, address: string, port: number): Promise<Socket> => {
  socket.write(`CONNECT ${address}:${port} HTTP/1.1\r\nhost: ${address}:${port}\r\n\r\n`);
  let received: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) throw new Error('connection closed');
      await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')]);
      continue;
    }
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) continue;
    const head = received.toString('latin1', 0, end);
    if (!/^HTTP\/1\.1 200/.test(head)) throw new Error(`the sidecar refused the connection: ${head.split('\r\n')[0]}`);
    if (received.length > end + 4) socket.unshift(received.subarray(end + 4));
    return socket;
  }
};

const splitPort = (text: string): readonly [host: string, port: number | undefined] => {
  const [, host = text, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return [host, port === undefined ? undefined : Number(port)];
};

const noSuchHost = (host: string): Error => Object.assign(new Error('no such host'), { code: 'ENOTFOUND', host });

class LiveCase implements CaseMesh {
  readonly hits: EchoReport[] = [];
  readonly records: NamedRecord[] = [];
  problems: readonly string[] = [];
  readonly #case: Case;
  readonly #plan: SocketPlan;
  readonly #claim: AddressClaim;
  readonly #stateDir: string;
  readonly #closables: { close(): Promise<void> }[] = [];
  #runtime: MeshRuntime | undefined;

  constructor(of: Case, stateDir: string, claim: AddressClaim) {
    this.#case = of;
    this.#stateDir = stateDir;
    this.#claim = claim;
    this.#plan = planOfBlock(claim.octet);
  }

  async start(): Promise<void> {
    const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
    const documents = this.#case.config.split(/^---$/m).map((text, at) => ({ name: `config.yaml#${at}`, text }));
    let configuration = await loadConfiguration(documents, { builtIns: false });
    const trustDomain = configuration.mesh.config.trustDomain;
    const hooks = createStandInHooks((report) => this.hits.push(report));
    const runtime = createMeshRuntime({
      authority: await openAuthority({ stateDir: this.#stateDir, trustDomain, clock }),
      octet,
      plan: this.#plan,
      clock,
      random: Math.random,
      externals: this.#case.dns,
      onRecord: (record) => this.#take(record),
      onIdentityFailure: (spiffeId, error) => console.error(spiffeId, error),
      hooks,
    });
    this.#runtime = runtime;
    for (const { name, ip, ports, version } of this.#case.externals) {
      for (const port of ports) {
        const at = this.#plan.bindAddress(ip, port);
        this.#closables.push(
          await startEchoServer({ identity: { workload: name, pod: name, version }, port, at, ...hooks }),
        );
      }
    }
    let applied = await runtime.apply(configuration);
    const problems = [...configuration.problems, ...applied.problems];
    if (hasErrors(problems)) {
      // A cluster refuses such objects one by one at admission and runs with the others.
      const refused = new Set(problems.filter(({ severity }) => severity === 'error').map(({ span }) => span?.file));
      const admitted = documents.filter(({ name }) => !refused.has(name));
      configuration = await loadConfiguration(admitted, { builtIns: false });
      applied = await runtime.apply(configuration);
    }
    this.problems = problems.map(
      ({ severity, code, message, resource }) => `${severity} ${code} ${resource ?? ''} ${message}`,
    );
    if (!applied.isApplied) throw new Error(`refused: ${applied.problems.map(({ message }) => message).join('; ')}`);
  }

  #take(record: AccessRecord): void {
    const pods = [...(this.#runtime?.pods.values() ?? [])];
    const [address, port] = splitPort(record.upstreamHost);
    const upstream = pods.find((running) => running.address === address)?.pod.name ?? address;
    this.records.push({
      // Recordings name proxies by workload.
      proxy: this.#runtime?.pods.get(record.proxy)?.pod.workload ?? record.proxy,
      upstream: upstream === '' ? '' : `${upstream}:${port}`,
      record,
      isLogged: this.#isLogged(record),
    });
  }

  #isLogged(record: AccessRecord): boolean {
    const telemetry = this.#runtime?.compiled?.proxies.get(record.proxy)?.telemetry;
    return telemetry?.[record.reporter].logs.some(({ accepts }) => accepts(record)) ?? false;
  }

  #podNamed(reference: string, isNamed: (running: RunningPod, name: string) => boolean): RunningPod | undefined {
    const [, namespace, name = reference] = /^([^/]+)\/(.+)$/.exec(reference) ?? [];
    return [...(this.#runtime?.pods.values() ?? [])].find(
      (running) => isNamed(running, name) && (namespace === undefined || running.pod.namespace === namespace),
    );
  }

  #client(request: CaseRequest): RunningPod | undefined {
    if (request.gateway !== undefined || request.from === 'outside') return undefined;
    return this.#podNamed(request.from ?? 'client', ({ pod }, name) => pod.workload === name);
  }

  recordsExpected(request: CaseRequest): number {
    return request.gateway !== undefined || this.#client(request)?.outbound !== undefined ? (request.count ?? 1) : 0;
  }

  #resolve(host: string, namespace: string): string {
    const wildcard = this.#case.dns.get(`*${host.slice(host.indexOf('.'))}`);
    const [inCluster] = this.#runtime?.network.resolve(host, namespace) ?? [];
    // Where the recordings were made, names of ServiceEntries resolved to the addresses these claim.
    const [claimed] =
      this.#runtime?.configuration?.mesh.of('ServiceEntry').find(({ object }) => object.spec?.hosts?.includes(host))
        ?.object.spec?.addresses ?? [];
    const address = inCluster ?? wildcard ?? claimed;
    if (address === undefined) throw noSuchHost(host);
    return address;
  }

  /** The address and port the client connects to, before anything intercepts it. */
  #destination(request: CaseRequest, namespace: string): readonly [address: string, port: number] {
    const [dialled, dialPort] = splitPort(request.dial?.replace(/^pod:/, '') ?? request.host);
    const port = dialPort ?? request.port ?? splitPort(request.host)[1] ?? (request.tls === undefined ? 80 : 443);
    if (request.dial?.startsWith('pod:') !== true) {
      return [isIP(dialled) === 0 ? this.#resolve(dialled, namespace) : dialled, port];
    }
    const running = this.#podNamed(dialled, ({ pod }, name) => pod.name === name);
    if (running === undefined) throw noSuchHost(dialled);
    return [running.address, port];
  }

  #gatewaySocket(request: CaseRequest, name: string): SocketAddress {
    const running = this.#podNamed(name, ({ pod }) => pod.workload === name);
    if (running === undefined) throw noSuchHost(name);
    const port = request.port ?? (request.tls === undefined ? 80 : 443);
    const service = this.#runtime?.configuration?.mesh
      .of('Service')
      .find((candidate) => candidate.name === name && candidate.namespace === running.pod.namespace);
    const declared = service?.object.spec?.ports?.find((candidate) => candidate.port === port)?.targetPort;
    const target = typeof declared === 'string' ? this.#namedPort(running, declared) : declared;
    return this.#plan.socketOf(running.address, target ?? port) ?? { host: running.address, port };
  }

  #namedPort({ pod }: RunningPod, name: string): number | undefined {
    return pod.containers.flatMap(({ ports }) => ports).find((port) => port.name === name)?.port;
  }

  async connect(request: CaseRequest): Promise<Socket> {
    const outside = this.#plan.sourceOf(outsideAddress);
    if (request.gateway !== undefined) return dial(this.#gatewaySocket(request, request.gateway), outside);
    const client = this.#client(request);
    if (client === undefined && request.from !== 'outside') throw noSuchHost(request.from ?? 'client');
    const [address, port] = this.#destination(request, client?.pod.namespace ?? 'default');
    const source = client === undefined ? outside : this.#plan.sourceOf(client.address);
    if (client?.outbound !== undefined) return handOver(await dial(client.outbound, source), address, port);
    return dial(this.#runtime?.network.socketOf(address, port) ?? { host: address, port }, source);
  }

  async close(): Promise<void> {
    await this.#runtime?.close(0);
    await Promise.all(this.#closables.map((closable) => closable.close()));
    rmSync(this.#stateDir, { recursive: true, force: true });
    await this.#claim.release();
  }
}

/** Starts the mesh of a case on a range of loopback addresses that no other mesh uses. */
export const startCaseMesh = async (of: Case): Promise<CaseMesh> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'heddle-conformance-'));
  const mesh = new LiveCase(of, stateDir, await claimAddresses(stateDir, process.platform));
  try {
    await mesh.start();
    return mesh;
  } catch (error) {
    await mesh.close();
    throw error;
  }
};
