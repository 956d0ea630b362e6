import type { Clock, Random } from '../base/ports.ts';
import type { IdentityKeeper, KeptIdentity } from '../ca/rotation.ts';
import type { Pod } from '../model/pod.ts';
import { createProxy } from '../proxy/create-proxy.ts';
import type { MeshProxy, Network, SocketAddress } from '../proxy/proxy.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import type { ProxyTables } from '../traffic/tables.ts';
import type { PodPlan } from './pod-plan.ts';
import type { SocketPlan } from './sockets.ts';
import type { StandInHooks } from './stand-in/stand-in.ts';
import { type Application, startApplication } from './workload.ts';

/** Istio's port for captured outbound connections. */
const OUTBOUND_PORT = 15001;

/** What every pod of one mesh shares. */
export interface PodServices {
  readonly plan: SocketPlan;
  readonly network: Network;
  readonly identities: IdentityKeeper;
  readonly clock: Clock;
  readonly random: Random;
  readonly hooks: StandInHooks;
  /** The process `heddle local run` has bound a pod to. */
  bindingOf(pod: Pod): SocketAddress | undefined;
  onRecord(record: AccessRecord): void;
}

/** One pod with everything that listens for it. */
export interface RunningPod {
  /** See PodPlan. */
  readonly identity: string;
  readonly pod: Pod;
  readonly address: string;
  readonly application: Application | undefined;
  /** Where its outbound traffic is handed over; undefined without a sidecar. */
  readonly outbound: SocketAddress | undefined;
  /** The sockets of its proxy by the pod's own port: a sidecar's inbound ports, a gateway's listeners. */
  readonly listeners: ReadonlyMap<number, SocketAddress>;
  readonly proxy: MeshProxy | undefined;
  /** When the proxy took the tables it runs on, in milliseconds since 1970. */
  readonly tablesSinceMs: number;
  /** Lets the proxy use new tables; opens ports it did not serve before. */
  replaceTables(tables: ProxyTables): Promise<void>;
  /** Ends the application and starts what should answer now (after a binding came or went). */
  restartApplication(): Promise<void>;
  close(drainMs: number): Promise<void>;
}

class LivePod implements RunningPod {
  readonly identity: string;
  readonly pod: Pod;
  readonly address: string;
  readonly listeners = new Map<number, SocketAddress>();
  application: Application | undefined;
  outbound: SocketAddress | undefined;
  proxy: MeshProxy | undefined;
  tablesSinceMs = 0;
  readonly #servicePorts: readonly number[];
  readonly #services: PodServices;
  #identity: KeptIdentity | undefined;

  constructor({ identity, pod, address, servicePorts }: PodPlan, services: PodServices) {
    this.identity = identity;
    this.pod = pod;
    this.address = address;
    this.#servicePorts = servicePorts;
    this.#services = services;
  }

  async start(tables: ProxyTables | undefined): Promise<void> {
    await this.#startApplication();
    if (tables !== undefined) await this.#startProxy(tables);
  }

  async #startApplication(): Promise<void> {
    const { plan, hooks, bindingOf } = this.#services;
    const hasSidecar = this.pod.proxyMode === 'sidecar';
    this.application = await startApplication({
      pod: this.pod,
      address: hasSidecar ? plan.applicationAddress(this.address) : this.address,
      plan,
      servicePorts: this.#servicePorts,
      boundTo: bindingOf(this.pod),
      hooks,
    });
  }

  async #startProxy(tables: ProxyTables): Promise<void> {
    const { plan, network, identities, clock, random, onRecord } = this.#services;
    this.#identity = await identities.keep(tables.node.spiffeId, (next) => this.proxy?.replaceIdentity(next));
    this.proxy = createProxy({ tables, network, clock, random, identity: this.#identity.current(), onRecord });
    this.tablesSinceMs = clock.nowMs();
    await this.#openPorts(tables);
    if (this.pod.proxyMode !== 'sidecar') return;
    this.outbound = await this.proxy.listenOutbound(plan.bindAddress(this.address, OUTBOUND_PORT));
  }

  async #openPorts(tables: ProxyTables): Promise<void> {
    const { proxy } = this;
    if (proxy === undefined) return;
    const ports = this.pod.proxyMode === 'gateway' ? tables.gateway.keys() : tables.inbound.keys();
    for (const port of ports) {
      if (this.listeners.has(port)) continue;
      const at = this.#services.plan.bindAddress(this.address, port);
      const socket = await (this.pod.proxyMode === 'gateway'
        ? proxy.listenGateway(port, at)
        : proxy.listenInbound(port, at));
      this.listeners.set(port, socket);
      this.#services.plan.bound(this.address, port, socket);
    }
  }

  async replaceTables(tables: ProxyTables): Promise<void> {
    this.proxy?.replaceTables(tables);
    this.tablesSinceMs = this.#services.clock.nowMs();
    await this.#openPorts(tables);
  }

  async restartApplication(): Promise<void> {
    await this.application?.close();
    await this.#startApplication();
  }

  async close(drainMs: number): Promise<void> {
    this.#identity?.close();
    await this.proxy?.close(drainMs);
    await this.application?.close();
    this.#services.plan.released(this.address);
  }
}

/** Starts a pod: its application first, then its proxy, so that the first request finds someone. Closes what it began if it fails. */
export const startPod = async (
  plan: PodPlan,
  tables: ProxyTables | undefined,
  services: PodServices,
): Promise<RunningPod> => {
  const running = new LivePod(plan, services);
  try {
    await running.start(tables);
    return running;
  } catch (error) {
    await running.close(0);
    throw error;
  }
};
