import { randomBytes, randomUUID } from 'node:crypto';
import type { MeshControl } from '../admin/control.ts';
import type { ReloadResult, UpSummary } from '../admin/protocol.ts';
import type { Refusal } from '../admin/proxies.ts';
import { createAdminServer } from '../admin/server.ts';
import { Fault } from '../base/fault.ts';
import type { Clock } from '../base/ports.ts';
import { hasErrors, type Problem } from '../base/problem.ts';
import { formatSpan } from '../base/span.ts';
import { openAuthority } from '../ca/store.ts';
import { watchSources } from '../input/watch.ts';
import { renderClusterMetrics } from '../telemetry/cluster-metrics.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { openAccessLogFile } from './access-log-file.ts';
import { describeChanges } from './changes.ts';
import { claimAddresses } from './claim.ts';
import { type LoadedConfiguration, loadConfiguration } from './configuration.ts';
import { createControl } from './control.ts';
import { openDoors } from './doors.ts';
import { createJournal } from './journal.ts';
import { createMeshRuntime, type MeshRuntime } from './mesh-runtime.ts';
import { createProxyReports } from './proxy-reports.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { socketPlanFor } from './sockets.ts';
import { createStandInHooks } from './stand-in/stand-in.ts';
import { openStateDir } from './state.ts';

/** What a running mesh tells whoever watches it. */
export type MeshEvent =
  | { readonly kind: 'problems'; readonly problems: readonly Problem[]; readonly sources: readonly SourceText[] }
  | { readonly kind: 'reloaded'; readonly generation: number; readonly changed: readonly string[] }
  | { readonly kind: 'reload-refused'; readonly reason: string }
  | { readonly kind: 'notice'; readonly text: string };

export interface SupervisorOptions {
  /** Reads the input, at start and at every reload; may throw a Fault. */
  readonly sources: () => Promise<readonly SourceText[]>;
  /** What the user named, for the record in the state directory and to watch. */
  readonly paths: readonly string[];
  readonly watch: boolean;
  readonly stateDir: string;
  /** Version of heddle, for whoever asks the mesh. */
  readonly version: string;
  /** Port of 127.0.0.1 where this machine enters the mesh; 0 picks a free one. */
  readonly gatewayPort: number;
  /** The operating system to lay out sockets for; this one unless told. */
  readonly platform?: string;
  readonly onEvent: (event: MeshEvent) => void;
}

/** One mesh of local mode, from its first socket to its last. */
export interface Supervisor {
  readonly summary: UpSummary;
  readonly control: MeshControl;
  /** Settles when the mesh has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Lets requests in flight finish, then gives back every socket, lock and file. */
  close(): Promise<void>;
}

const DRAIN_MS = 2_000;
const PROBE_INTERVAL_MS = 1_000;
const TOKEN_BYTES = 32;

const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** What was opened, to be closed in the opposite order, however far the start came. */
class Cleanup {
  readonly #steps: (() => Promise<void> | void)[] = [];

  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

const invalidInput = (problems: readonly Problem[]): Fault => {
  const count = problems.filter((problem) => problem.severity === 'error').length;
  return new Fault(`the configuration has ${count === 1 ? 'an error' : `${count} errors`}`, {
    kind: 'input',
    code: 'CONFIG_INVALID',
    hint: 'fix what is reported above; nothing was started',
  });
};

/** Every certificate carries the trust domain: another one wants other identities for all, which is a new start. */
const assertTrustDomain = (loaded: LoadedConfiguration, before: LoadedConfiguration | undefined): void => {
  const [now, was] = [loaded.mesh.config.trustDomain, before?.mesh.config.trustDomain];
  if (was === undefined || now === was) return;
  throw new Fault(`the trust domain of a running mesh cannot change from ${was} to ${now}`, {
    kind: 'input',
    code: 'TRUST_DOMAIN_CHANGED',
    hint: 'start the mesh anew, with a state directory of its own for the other trust domain',
  });
};

/** Runs its tasks one after the other, whatever each of them comes to. */
const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const next = last.then(task, task);
    last = next;
    return next;
  };
};

/** An error of the input, on one line with its place. */
const describeProblem = ({ message, span }: Problem): string =>
  span === undefined ? message : `${formatSpan(span)}: ${message}`;

const refusal = (reasons: readonly string[]): Refusal => ({ atMs: systemClock.nowMs(), reasons });

/** Applies configurations one at a time and says what came of each. */
class Reloader {
  problems: readonly Problem[] = [];
  loadedMs = 0;
  /** Why what was read last is not in force; undefined when it is. */
  refusal: Refusal | undefined;
  readonly #options: SupervisorOptions;
  readonly #runtime: MeshRuntime;
  readonly #recorder: Recorder;
  readonly #inTurn = createQueue();
  #generation = 0;

  constructor(options: SupervisorOptions, runtime: MeshRuntime, recorder: Recorder) {
    this.#options = options;
    this.#runtime = runtime;
    this.#recorder = recorder;
  }

  /** The first configuration: throws CONFIG_INVALID rather than starting a part of it. */
  async start(configuration: LoadedConfiguration): Promise<void> {
    if (!(await this.#apply(configuration))) throw invalidInput(this.problems);
  }

  async #apply(configuration: LoadedConfiguration): Promise<boolean> {
    const applied = await this.#runtime.apply(configuration);
    const { compiled } = this.#runtime;
    if (applied.isApplied && compiled !== undefined) this.#recorder.use(compiled);
    if (applied.isApplied) this.loadedMs = systemClock.nowMs();
    const problems = [...configuration.problems, ...applied.problems];
    if (problems.length > 0) this.#options.onEvent({ kind: 'problems', problems, sources: configuration.sources });
    this.#generation = applied.generation;
    this.problems = problems;
    return applied.isApplied;
  }

  /** Reads the input again; a configuration with an error is refused and the one in force stays. */
  reload(): Promise<ReloadResult> {
    return this.#inTurn(async () => {
      try {
        const result = await this.#reload();
        const errors = result.problems.filter(({ severity }) => severity === 'error');
        this.refusal = result.applied ? undefined : refusal(errors.map(describeProblem));
        return result;
      } catch (error) {
        this.refusal = refusal([error instanceof Error ? error.message : String(error)]);
        throw error;
      }
    });
  }

  async #reload(): Promise<ReloadResult> {
    const before = this.#runtime.configuration;
    const inForce = this.problems;
    const loaded = await loadConfiguration(await this.#options.sources(), { builtIns: true });
    assertTrustDomain(loaded, before);
    const isValid = !hasErrors(loaded.problems);
    if (!isValid) this.#options.onEvent({ kind: 'problems', problems: loaded.problems, sources: loaded.sources });
    const isApplied = isValid && (await this.#apply(loaded));
    const reported = isValid ? this.problems : loaded.problems;
    if (!isApplied) this.problems = inForce;
    const changed = isApplied && before !== undefined ? describeChanges(before.mesh, loaded.mesh) : [];
    if (isApplied) this.#options.onEvent({ kind: 'reloaded', generation: this.#generation, changed });
    else this.#options.onEvent({ kind: 'reload-refused', reason: 'the last good configuration stays in force' });
    return {
      apiVersion: 'heddle/v1',
      kind: 'LocalReload',
      applied: isApplied,
      generation: this.#generation,
      changed,
      problems: reported,
    };
  }

  /** A reload nobody waits for: what it throws becomes an event. */
  async reloadUnasked(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onEvent({ kind: 'reload-refused', reason });
    }
  }

  /** Lets the proxies know which bound applications answer. */
  refreshReadiness(): Promise<void> {
    return this.#inTurn(async () => {
      const { configuration } = this.#runtime;
      if (configuration !== undefined && (await this.#runtime.probe())) await this.#runtime.apply(configuration);
    });
  }
}

const start = async (options: SupervisorOptions, cleanup: Cleanup): Promise<Supervisor> => {
  // Watched before it is read, so that no change falls between.
  let onChange = (): void => {
    isChanged = true;
  };
  let isChanged = false;
  if (options.watch) {
    const watch = watchSources(options.paths, () => onChange());
    cleanup.add(() => watch.close());
    await watch.ready;
  }
  // Read before anything is claimed or written: a mistake in the input leaves nothing behind.
  const configuration = await loadConfiguration(await options.sources(), { builtIns: true });
  if (hasErrors(configuration.problems)) {
    options.onEvent({ kind: 'problems', problems: configuration.problems, sources: configuration.sources });
    throw invalidInput(configuration.problems);
  }
  const state = await openStateDir(options.stateDir);
  const lock = await state.lock(process.pid);
  cleanup.add(() => lock.release());
  const { platform = process.platform } = options;
  const claim = await claimAddresses(options.stateDir, platform);
  cleanup.add(() => claim.release());
  const trustDomain = configuration.mesh.config.trustDomain;
  const authority = await openAuthority({ stateDir: options.stateDir, trustDomain, clock: systemClock });
  const journal = createJournal();
  const logFile = openAccessLogFile(state.file('access.log'));
  cleanup.add(() => logFile.close());
  const recorder = createRecorder(journal, logFile);
  const runtime = createMeshRuntime({
    authority,
    octet: claim.octet,
    plan: socketPlanFor(platform, claim.octet),
    clock: systemClock,
    random: Math.random,
    externals: undefined,
    onRecord: recorder.record,
    onIdentityFailure: (spiffeId, error) =>
      options.onEvent({
        kind: 'notice',
        text: `renewing the certificate of ${spiffeId} failed, trying again: ${error}`,
      }),
    hooks: createStandInHooks(),
  });
  cleanup.add(() => runtime.close(DRAIN_MS));
  const reloader = new Reloader(options, runtime, recorder);
  await reloader.start(configuration);
  await reloader.refreshReadiness();
  const doors = await openDoors(runtime, options.gatewayPort);

  let isOver = false;
  let settle = (): void => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const close = async (): Promise<void> => {
    if (!isOver) {
      isOver = true;
      await cleanup.run();
      settle();
    }
    await closed;
  };
  const report = { runtime, serviceUrl: doors.serviceUrl, gatewayUrl: doors.gatewayUrl };
  const control = createControl({
    report,
    journal,
    problems: () => reloader.problems,
    format: recorder.format,
    reload: () => reloader.reload(),
    // Answered first: whoever asks to stop should hear that it was understood.
    stop: () => void setImmediate(() => void close()),
    metrics: () => recorder.metrics() + renderClusterMetrics(runtime.clusterCounts()),
    proxies: createProxyReports({
      runtime,
      version: options.version,
      loadedMs: () => reloader.loadedMs,
      refusal: () => reloader.refusal,
    }),
    refreshReadiness: () => reloader.refreshReadiness(),
  });
  await publish(options, state, control, doors.port, cleanup);
  const probes = setInterval(() => void reloader.refreshReadiness(), PROBE_INTERVAL_MS).unref();
  cleanup.add(() => clearInterval(probes));
  onChange = () => void reloader.reloadUnasked();
  if (isChanged) onChange();
  return { summary: control.summary(), control, closed, close };
};

/** Opens the admin API and writes down where other commands find it. */
const publish = async (
  options: SupervisorOptions,
  state: Awaited<ReturnType<typeof openStateDir>>,
  control: MeshControl,
  gatewayPort: number,
  cleanup: Cleanup,
): Promise<void> => {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const startId = randomUUID();
  const adminSocket = adminSocketPath(state.file('admin.sock'));
  const admin = await createAdminServer({ control, token, startId, socketPath: adminSocket });
  cleanup.add(() => admin.close());
  await state.writeToken(token);
  cleanup.add(() => state.remove('admin.token'));
  await state.writeRecord({
    pid: process.pid,
    startId,
    adminSocket,
    adminPort: admin.port,
    gatewayPort,
    paths: options.paths,
  });
  cleanup.add(() => state.remove('mesh.json'));
};

/** The kernel's limit for a socket file's path is 107 bytes (103 on macOS); a longer one is done without. */
const adminSocketPath = (path: string): string | undefined => (Buffer.byteLength(path) <= 103 ? path : undefined);

/**
 * Starts a mesh and resolves when it is ready. Throws a Fault when the input has an error (told as `problems` events
 * first), a port is taken or the state directory can't be used; nothing stays behind then.
 */
export const startSupervisor = async (options: SupervisorOptions): Promise<Supervisor> => {
  const cleanup = new Cleanup();
  try {
    return await start(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
};
