import type { Clock, Random } from '../base/ports.ts';
import type { Problem } from '../base/problem.ts';
import { hasErrors } from '../base/problem.ts';
import type { Authority } from '../ca/authority.ts';
import { createIdentityKeeper } from '../ca/rotation.ts';
import type { Mesh } from '../model/mesh.ts';
import type { SocketAddress } from '../proxy/proxy.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import type { ClusterCounts } from '../telemetry/cluster-metrics.ts';
import { compileMesh } from '../traffic/compile/compile-mesh.ts';
import type { CompiledMesh, World } from '../traffic/compile/world.ts';
import { type AddressBook, createAddressBook } from './address-book.ts';
import { ClusterNetwork } from './cluster-network.ts';
import { type LoadedConfiguration, podKey } from './configuration.ts';
import { type PodPlan, planPods } from './pod-plan.ts';
import { type RunningPod, startPod } from './running-pod.ts';
import type { SocketPlan } from './sockets.ts';
import type { StandInHooks } from './stand-in/stand-in.ts';

export interface MeshRuntimeOptions {
  readonly authority: Authority;
  /** Second octet of every address of this mesh. */
  readonly octet: number;
  readonly plan: SocketPlan;
  readonly clock: Clock;
  readonly random: Random;
  /** Names outside the cluster and their addresses; undefined = ask the system's resolver when connecting. */
  readonly externals: ReadonlyMap<string, string> | undefined;
  /** Per finished request of any proxy; on the hot path. */
  readonly onRecord: (record: AccessRecord) => void;
  readonly onIdentityFailure: (spiffeId: string, error: unknown) => void;
  readonly hooks: StandInHooks;
}

interface Applied {
  readonly generation: number;
  /** Problems of compiling; with an error among them nothing was changed. */
  readonly problems: readonly Problem[];
  readonly isApplied: boolean;
}

/** A running mesh: its pods, their proxies and applications, on this machine's sockets. */
export interface MeshRuntime {
  readonly network: ClusterNetwork;
  readonly pods: ReadonlyMap<string, RunningPod>;
  /** What is in force; undefined before the first `apply`. */
  readonly configuration: LoadedConfiguration | undefined;
  readonly compiled: CompiledMesh | undefined;
  /**
   * Brings the mesh to a configuration. Tables are compiled and new pods started before anything running is touched;
   * a problem of severity error, or a Fault thrown by a socket, leaves everything as it was.
   */
  apply(configuration: LoadedConfiguration): Promise<Applied>;
  /** Puts a process in the place of the applications of some pods (undefined: gives it back to the stand-in). */
  bind(keys: readonly string[], target: SocketAddress | undefined): Promise<void>;
  /** By pod key: why its application does not answer. Such a pod is nobody's endpoint. */
  readonly notReady: ReadonlyMap<string, string>;
  /** Asks every application that is a process of its own whether it answers; true when an answer differs from before. */
  probe(): Promise<boolean>;
  /** What goes on in the clusters of every proxy, by its pod's key. */
  clusterCounts(): readonly (readonly [key: string, clusters: readonly ClusterCounts[]])[];
  close(drainMs: number): Promise<void>;
}

/**
 * How long a replaced pod goes on serving: requests on their way to it chose it before the others knew. The same idea
 * as Istio's terminationDrainDuration.
 */
const GRACE_MS = 1_000;

/** How long its requests may take to finish after that. */
const DRAIN_MS = 5_000;

class LiveMesh implements MeshRuntime {
  readonly network: ClusterNetwork;
  readonly pods = new Map<string, RunningPod>();
  readonly notReady = new Map<string, string>();
  configuration: LoadedConfiguration | undefined;
  compiled: CompiledMesh | undefined;
  readonly #options: MeshRuntimeOptions;
  readonly #book: AddressBook;
  readonly #identities;
  readonly #bindings = new Map<string, SocketAddress>();
  readonly #leaving = new Map<RunningPod, Promise<void>>();
  #close = (): void => {};
  readonly #closing = new Promise<void>((resolve) => {
    this.#close = resolve;
  });
  #generation = 0;

  constructor(options: MeshRuntimeOptions) {
    this.#options = options;
    this.#book = createAddressBook(options.octet);
    this.network = new ClusterNetwork(options.plan, options.externals, options.random);
    this.#identities = createIdentityKeeper({
      authority: options.authority,
      clock: options.clock,
      random: options.random,
      onFailure: options.onIdentityFailure,
    });
  }

  #worldOf(mesh: Mesh, plans: readonly PodPlan[]): World {
    const headless = new Set(
      mesh
        .of('Service')
        .filter(({ object }) => object.spec?.clusterIP === 'None' || object.spec?.type === 'ExternalName')
        .map(({ namespace, name }) => `${namespace}/${name}`),
    );
    return {
      mesh,
      pods: plans.map(({ key, pod, address }) => ({ pod, address, ready: !this.notReady.has(key) })),
      serviceAddress: (namespace, name) => {
        const key = `${namespace}/${name}`;
        return headless.has(key) ? undefined : this.#book.serviceAddress(key);
      },
      externals: this.#options.externals ?? new Map(),
    };
  }

  async apply(configuration: LoadedConfiguration): Promise<Applied> {
    const plans = planPods(configuration, this.#book);
    const world = this.#worldOf(configuration.mesh, plans);
    const compiled = compileMesh(world, this.#generation + 1);
    const { problems } = compiled;
    if (hasErrors(problems)) {
      this.#forgetAddresses();
      return { generation: this.#generation, problems, isApplied: false };
    }
    const kept = new Map([...this.pods].map(([, running]) => [running.identity, running]));
    const started = await this.#startAll(
      plans.filter(({ identity }) => !kept.has(identity)),
      compiled,
    );
    this.#generation++;
    this.configuration = configuration;
    this.compiled = compiled;
    this.network.use(world);
    this.pods.clear();
    for (const { key, identity } of plans) {
      const running = started.get(identity) ?? kept.get(identity);
      if (running !== undefined) this.pods.set(key, running);
    }
    for (const [key, running] of this.pods) {
      const tables = compiled.proxies.get(key);
      if (tables !== undefined && kept.has(running.identity)) await running.replaceTables(tables);
    }
    const wanted = new Set(plans.map(({ identity }) => identity));
    for (const running of kept.values()) if (!wanted.has(running.identity)) this.#dismiss(running);
    this.#forgetAddresses();
    return { generation: this.#generation, problems, isApplied: true };
  }

  /** Nobody sends to the pod any more: what it still has may finish while the mesh goes on. */
  #dismiss(running: RunningPod): void {
    const grace = new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref());
    const leaving = Promise.race([grace, this.#closing])
      .then(() => running.close(DRAIN_MS))
      .finally(() => {
        this.#leaving.delete(running);
        this.#forgetAddresses();
      });
    this.#leaving.set(running, leaving);
  }

  /** Addresses of pods and services that are not in force may be given out again. */
  #forgetAddresses(): void {
    const services = this.configuration?.mesh.of('Service') ?? [];
    this.#book.keepOnly(
      new Set([...this.pods.values(), ...this.#leaving.keys()].map(({ identity }) => identity)),
      new Set(services.map(({ namespace, name }) => `${namespace}/${name}`)),
    );
  }

  async #startAll(plans: readonly PodPlan[], compiled: CompiledMesh): Promise<ReadonlyMap<string, RunningPod>> {
    const results = await Promise.allSettled(plans.map((plan) => this.#start(plan, compiled)));
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(started.map((running) => running.close(0)));
      this.#forgetAddresses();
      throw failed.reason;
    }
    return new Map(started.map((running) => [running.identity, running]));
  }

  #start(plan: PodPlan, compiled: CompiledMesh): Promise<RunningPod> {
    const { clock, random, hooks, onRecord } = this.#options;
    return startPod(plan, compiled.proxies.get(plan.key), {
      plan: this.#options.plan,
      network: this.network,
      identities: this.#identities,
      clock,
      random,
      hooks,
      bindingOf: (pod) => this.#bindings.get(podKey(pod)),
      onRecord,
    });
  }

  clusterCounts(): readonly (readonly [key: string, clusters: readonly ClusterCounts[]])[] {
    return [...this.pods].flatMap(([key, { proxy }]) =>
      proxy === undefined ? [] : [[key, proxy.clusterCounts()] as const],
    );
  }

  async bind(keys: readonly string[], target: SocketAddress | undefined): Promise<void> {
    for (const key of keys) {
      if (target === undefined) this.#bindings.delete(key);
      else this.#bindings.set(key, target);
      await this.pods.get(key)?.restartApplication();
    }
  }

  async probe(): Promise<boolean> {
    const answers = await Promise.all(
      [...this.pods].map(async ([key, { application }]) => [key, await application?.whyNotReady()] as const),
    );
    const isDifferent = answers.some(([key, reason]) => (reason === undefined) === this.notReady.has(key));
    this.notReady.clear();
    for (const [key, reason] of answers) if (reason !== undefined) this.notReady.set(key, reason);
    return isDifferent;
  }

  async close(drainMs: number): Promise<void> {
    this.#close();
    this.#identities.close();
    await Promise.all([...this.pods.values()].map((running) => running.close(drainMs)));
    await Promise.all(this.#leaving.values());
    this.pods.clear();
  }
}

export const createMeshRuntime = (options: MeshRuntimeOptions): MeshRuntime => new LiveMesh(options);
