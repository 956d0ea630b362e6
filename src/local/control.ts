import { randomUUID } from 'node:crypto';
import type { MeshControl } from '../admin/control.ts';
import type { Binding, BindRequest, CurlTarget, LogLine, LogQuery, TapEvent } from '../admin/protocol.ts';
import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import type { Problem } from '../base/problem.ts';
import type { Pod } from '../model/pod.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import { CLIENT_POD, SYSTEM_NAMESPACE } from './built-in.ts';
import { podKey } from './configuration.ts';
import type { Journal } from './journal.ts';
import { liveRecords } from './live-records.ts';
import type { MeshRuntime } from './mesh-runtime.ts';
import { meshStatus, type ReportSource, upSummary } from './report.ts';
import type { RunningPod } from './running-pod.ts';
import { displayName, toTapEvent } from './tap-event.ts';

export interface ControlOptions {
  readonly report: ReportSource;
  readonly journal: Journal;
  /** Problems of the configuration in force. */
  readonly problems: () => readonly Problem[];
  /** Formats a record as the mesh's access log does. */
  readonly format: (record: AccessRecord) => string;
  readonly reload: MeshControl['reload'];
  readonly stop: () => void;
  readonly metrics: () => string;
  readonly proxies: MeshControl['proxies'];
  /** Probes bound applications and lets the proxies know what changed. */
  readonly refreshReadiness: () => Promise<void>;
}

/** Matches `NAME` or `NAME.NAMESPACE` against a workload of a pod. */
const isWorkload = (pod: Pod, name: string): boolean =>
  pod.workload === name || `${pod.workload}.${pod.namespace}` === name;

const userPods = (runtime: MeshRuntime): readonly RunningPod[] =>
  [...runtime.pods.values()].filter(({ pod }) => pod.namespace !== SYSTEM_NAMESPACE);

/** The pods a name means; throws NO_SUCH_WORKLOAD, or AMBIGUOUS_WORKLOAD when several namespaces have one. */
const findPods = (runtime: MeshRuntime, name: string): readonly [RunningPod, ...RunningPod[]] => {
  const pods = userPods(runtime);
  const found = pods.filter(({ pod }) => isWorkload(pod, name));
  const matches = found.length > 0 ? found : podsOfService(runtime, name);
  const [first, ...rest] = matches;
  if (first === undefined) {
    const names = [...new Set(pods.map(({ pod }) => pod.workload))];
    const near = suggest(name, names);
    throw new Fault(`the mesh has no workload "${name}"`, {
      kind: 'usage',
      code: 'NO_SUCH_WORKLOAD',
      hint: near === undefined ? `choose one of: ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const workloads = new Set(matches.map(({ pod }) => `${pod.workload}.${pod.namespace}`));
  if (workloads.size > 1)
    throw new Fault(`"${name}" may be any of ${[...workloads].join(', ')}`, {
      kind: 'usage',
      code: 'AMBIGUOUS_WORKLOAD',
      hint: `name one of them, such as ${[...workloads][0]}`,
    });
  return [first, ...rest];
};

/** A service stands for the workload behind it, so that `--app` takes the name a user thinks in. */
const podsOfService = (runtime: MeshRuntime, name: string): readonly RunningPod[] => {
  const services = runtime.configuration?.mesh.of('Service') ?? [];
  const service = services.find((item) => item.name === name || `${item.name}.${item.namespace}` === name);
  const selector = Object.entries(service?.object.spec?.selector ?? {});
  if (service === undefined || selector.length === 0) return [];
  return userPods(runtime).filter(
    ({ pod }) => pod.namespace === service.namespace && selector.every(([key, value]) => pod.labels[key] === value),
  );
};

const outboundOf = ({ pod, outbound }: RunningPod) => {
  if (outbound === undefined)
    throw new Fault(`${pod.workloadKind} ${pod.namespace}/${pod.workload} has no sidecar (${pod.sidecar.reason})`, {
      kind: 'usage',
      code: 'NO_SIDECAR',
      hint: 'label its namespace istio-injection=enabled, or choose a workload with a sidecar',
    });
  return outbound;
};

/** What the admin API offers of a running mesh. */
export const createControl = (options: ControlOptions): MeshControl => {
  const { report, journal, format, refreshReadiness } = options;
  const { runtime } = report;
  const bindings = new Map<string, readonly string[]>();

  const curlTarget = (from: string | undefined): CurlTarget => {
    const client = from === undefined ? runtime.pods.get(CLIENT_POD) : findPods(runtime, from)[0];
    if (client === undefined)
      throw new Fault('the built-in client is not running', { kind: 'failure', code: 'NO_CLIENT' });
    const { workload, namespace } = client.pod;
    return { apiVersion: 'heddle/v1', kind: 'CurlTarget', proxy: outboundOf(client), workload, namespace };
  };

  const bind = async ({ app, port }: BindRequest): Promise<Binding> => {
    const pods = findPods(runtime, app);
    const [first] = pods;
    const proxy = outboundOf(first);
    const keys = pods.map(({ pod }) => podKey(pod));
    await runtime.bind(keys, { host: '127.0.0.1', port });
    await refreshReadiness();
    const id = randomUUID();
    bindings.set(id, keys);
    const { workload, namespace } = first.pod;
    const spiffeId = runtime.compiled?.proxies.get(podKey(first.pod))?.node.spiffeId ?? '';
    return { apiVersion: 'heddle/v1', kind: 'Binding', id, workload, namespace, proxy, spiffeId };
  };

  const unbind = async (id: string): Promise<void> => {
    const keys = bindings.get(id);
    if (keys === undefined) return;
    bindings.delete(id);
    await runtime.bind(keys, undefined);
    await refreshReadiness();
  };

  const wantedBy = (workload: string | undefined): ((record: AccessRecord) => boolean) => {
    if (workload === undefined) return () => true;
    const wanted = new Set(findPods(runtime, workload).map(({ pod }) => podKey(pod)));
    return ({ proxy }) => wanted.has(proxy);
  };

  async function* logs({ follow, tail, workload }: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    for await (const record of liveRecords(journal, { follow, tail, isWanted: wantedBy(workload) }, signal))
      yield { proxy: displayName(record.proxy), text: format(record).trimEnd() };
  }

  async function* tap({ follow, tail, workload }: LogQuery, signal: AbortSignal): AsyncIterable<TapEvent> {
    for await (const record of liveRecords(journal, { follow, tail, isWanted: wantedBy(workload) }, signal))
      yield toTapEvent(record);
  }

  return {
    summary: () => upSummary(report, options.problems()),
    status: () => meshStatus(report),
    reload: options.reload,
    stop: options.stop,
    logs,
    tap,
    curlTarget,
    trace: (requestId) => journal.ofRequest(requestId),
    bind,
    unbind,
    metrics: options.metrics,
    proxies: options.proxies,
  };
};
