import type { Clock, Random } from '../base/ports.ts';
import type { Problem } from '../base/problem.ts';
import { hasErrors } from '../base/problem.ts';
import type { Authority } from '../ca/authority.ts';
import { createIdentityKeeper } from '../ca/rotation.ts';
import type { Pod } from '../model/pod.ts';
import type { SocketAddress } from '../proxy/proxy.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import { compileMesh } from '../traffic/compile/compile-mesh.ts';
import type { CompiledMesh, World } from '../traffic/compile/world.ts';
import { type AddressBook, createAddressBook } from './address-book.ts';
import { ClusterNetwork } from './cluster-network.ts';
import { type LoadedConfiguration, podKey } from './configuration.ts';
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

export interface Applied {
  readonly generation: number;
  /** Problems of compiling; with an error among them nothing was changed. */
  readonly problems: readonly Problem[];
  readonly isApplied: boolean;
  /** Pods that were started, replaced or ended. */
  readonly started: readonly string[];
  readonly stopped: readonly string[];
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
  close(drainMs: number): Promise<void>;
}

/** What of a pod can't change while it runs: a difference means a new pod in its place. */
const shapeOf = (pod: Pod): string =>
  JSON.stringify([pod.proxyMode, pod.serviceAccount, pod.containers, pod.annotations, pod.labels]);

/** How long a replaced pod's requests may take to finish. */
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

  #worldOf({ mesh, pods }: LoadedConfiguration): World {
    const headless = new Set(
      mesh
        .of('Service')
        .filter(({ object }) => object.spec?.clusterIP === 'None' || object.spec?.type === 'ExternalName')
        .map(({ namespace, name }) => `${namespace}/${name}`),
    );
    return {
      mesh,
      pods: pods.map((pod) => ({
        pod,
        address: this.#book.podAddress(podKey(pod)),
        ready: !this.notReady.has(podKey(pod)),
      })),
      serviceAddress: (namespace, name) => {
        const key = `${namespace}/${name}`;
        return headless.has(key) ? undefined : this.#book.serviceAddress(key);
      },
      externals: this.#options.externals ?? new Map(),
    };
  }

  async apply(configuration: LoadedConfiguration): Promise<Applied> {
    const world = this.#worldOf(configuration);
    const compiled = compileMesh(world, this.#generation + 1);
    if (hasErrors(compiled.problems))
      return { generation: this.#generation, problems: compiled.problems, isApplied: false, started: [], stopped: [] };
    const wanted = new Map(configuration.pods.map((pod) => [podKey(pod), pod]));
    const fresh = [...wanted].filter(([key]) => !this.pods.has(key));
    const changed = [...wanted].filter(([key, pod]) => {
      const running = this.pods.get(key);
      return running !== undefined && shapeOf(running.pod) !== shapeOf(pod);
    });
    const gone = [...this.pods.keys()].filter((key) => !wanted.has(key));

    const started = await this.#startAll(fresh, compiled);
    this.#generation++;
    this.configuration = configuration;
    this.compiled = compiled;
    this.network.use(world);
    for (const [key, running] of started) this.pods.set(key, running);
    // A changed pod keeps its address, so the old one must let go of the sockets first.
    for (const [key, pod] of changed) {
      await this.pods.get(key)?.close(0);
      this.pods.delete(key);
      this.pods.set(key, await this.#start(key, pod, compiled));
    }
    for (const [key, running] of this.pods) {
      const tables = compiled.proxies.get(key);
      if (tables !== undefined && !started.has(key)) await running.replaceTables(tables);
    }
    await Promise.all(
      gone.map(async (key) => {
        const running = this.pods.get(key);
        this.pods.delete(key);
        await running?.close(DRAIN_MS);
      }),
    );
    this.#book.keepOnly(
      new Set(wanted.keys()),
      new Set(configuration.mesh.of('Service').map((service) => `${service.namespace}/${service.name}`)),
    );
    return {
      generation: this.#generation,
      problems: compiled.problems,
      isApplied: true,
      started: [...fresh, ...changed].map(([key]) => key),
      stopped: gone,
    };
  }

  async #startAll(
    pods: readonly (readonly [string, Pod])[],
    compiled: CompiledMesh,
  ): Promise<ReadonlyMap<string, RunningPod>> {
    const results = await Promise.allSettled(
      pods.map(async ([key, pod]) => [key, await this.#start(key, pod, compiled)] as const),
    );
    const started = new Map(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return started;
    await Promise.all([...started.values()].map((running) => running.close(0)));
    throw failed.reason;
  }

  #start(key: string, pod: Pod, compiled: CompiledMesh): Promise<RunningPod> {
    const { plan, clock, random, hooks, onRecord } = this.#options;
    return startPod(pod, this.#book.podAddress(key), compiled.proxies.get(key), {
      plan,
      network: this.network,
      identities: this.#identities,
      clock,
      random,
      hooks,
      bindingOf: (of) => this.#bindings.get(podKey(of)),
      onRecord,
    });
  }

  async bind(keys: readonly string[], target: SocketAddress | undefined): Promise<void> {
    for (const key of keys) {
      if (target === undefined) this.#bindings.delete(key);
      else this.#bindings.set(key, target);
      await this.pods.get(key)?.restartApplication();
    }
  }

  async probe(): Promise<boolean> {
    let isDifferent = false;
    const bound = [...this.pods].filter(([, { application }]) => application?.bound !== undefined);
    await Promise.all(
      bound.map(async ([key, { application }]) => {
        const isReady = await application?.isReady();
        if (isReady === !this.notReady.has(key)) return;
        isDifferent = true;
        if (isReady) this.notReady.delete(key);
        else this.notReady.set(key, `nothing accepts connections (${application?.bound})`);
      }),
    );
    for (const key of this.notReady.keys()) {
      if (this.pods.get(key)?.application?.bound !== undefined) continue;
      this.notReady.delete(key);
      isDifferent = true;
    }
    return isDifferent;
  }

  async close(drainMs: number): Promise<void> {
    this.#identities.close();
    await Promise.all([...this.pods.values()].map((running) => running.close(drainMs)));
    this.pods.clear();
  }
}

export const createMeshRuntime = (options: MeshRuntimeOptions): MeshRuntime => new LiveMesh(options);
