import type {
  GatewayStatus,
  MeshStatus,
  NamespaceSummary,
  ServiceStatus,
  StandInSummary,
  UpSummary,
  WorkloadStatus,
  WorkloadSummary,
} from '../admin/protocol.ts';
import type { Problem } from '../base/problem.ts';
import type { Resource } from '../model/resource.ts';
import { namespaceInjection } from '../model/sidecar.ts';
import { BUILT_IN } from './built-in.ts';
import { podKey } from './configuration.ts';
import type { MeshRuntime } from './mesh-runtime.ts';
import type { RunningPod } from './running-pod.ts';

/** A running mesh as people and scripts are told of it: the user's objects, and where this machine enters them. */
export interface ReportSource {
  readonly runtime: MeshRuntime;
  /** Where this machine reaches a service by name; empty for one without an HTTP port. */
  readonly serviceUrl: (namespace: string, name: string) => string;
  /** Where this machine enters a Gateway; empty while none of its ports is open. */
  readonly gatewayUrl: (namespace: string, name: string, scheme: 'http' | 'https') => string;
}

const isUsers = (resource: Resource): boolean => resource.span.file !== BUILT_IN.name;

/** The user's pods, one group per workload, in input order. */
const workloadsOf = (runtime: MeshRuntime): readonly (readonly [RunningPod, ...RunningPod[]])[] => {
  const groups = new Map<string, [RunningPod, ...RunningPod[]]>();
  for (const pod of runtime.configuration?.pods ?? []) {
    const running = runtime.pods.get(podKey(pod));
    if (running === undefined || !isUsers(pod.owner)) continue;
    const key = `${pod.namespace}/${pod.workloadKind}/${pod.workload}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [running]);
    else group.push(running);
  }
  return [...groups.values()];
};

const socketsOf = (running: RunningPod, runtime: MeshRuntime): readonly string[] => {
  const sockets =
    running.proxy === undefined
      ? (running.application?.ports ?? []).map((port) => runtime.network.socketOf(running.address, port))
      : [...running.listeners.values()];
  return sockets.map(({ host, port }) => `${host}:${port}`);
};

const workloadStatus = (group: readonly [RunningPod, ...RunningPod[]], source: ReportSource): WorkloadStatus => {
  const { pod, application } = group[0];
  const reasons = group.flatMap((running) => source.runtime.notReady.get(podKey(running.pod)) ?? []);
  return {
    kind: 'Workload',
    namespace: pod.namespace,
    name: pod.workload,
    version: pod.labels['version'] ?? '',
    replicas: group.length,
    ready: group.length - reasons.length,
    sidecar: pod.sidecar,
    standIn: application?.standIn !== undefined,
    application: application?.standIn ?? application?.bound ?? 'gateway proxy',
    inbound: group.flatMap((running) => socketsOf(running, source.runtime)),
    serviceAccount: pod.serviceAccount,
    spiffeId: source.runtime.compiled?.proxies.get(podKey(pod))?.node.spiffeId ?? '',
    ...(reasons[0] === undefined ? {} : { notReady: reasons[0] }),
  };
};

const serviceStatuses = ({ runtime, serviceUrl }: ReportSource): readonly ServiceStatus[] =>
  (runtime.configuration?.mesh.of('Service') ?? []).filter(isUsers).map(({ namespace, name, object }) => ({
    namespace,
    name,
    ports: (object.spec?.ports ?? []).map((port) => ({
      name: port.name ?? '',
      port: port.port,
      protocol: port.protocol ?? 'TCP',
    })),
    url: serviceUrl(namespace, name),
  }));

const gatewayStatuses = ({ runtime, gatewayUrl }: ReportSource): readonly GatewayStatus[] =>
  (runtime.configuration?.mesh.of('Gateway') ?? []).filter(isUsers).map(({ namespace, name }) => {
    const [http, https] = [gatewayUrl(namespace, name, 'http'), gatewayUrl(namespace, name, 'https')];
    return { namespace, name, url: http || https, ...(http === '' || https === '' ? {} : { tlsUrl: https }) };
  });

/** What `heddle local status` shows. */
export const meshStatus = (source: ReportSource): MeshStatus => ({
  items: workloadsOf(source.runtime).map((group) => workloadStatus(group, source)),
  services: serviceStatuses(source),
  gateways: gatewayStatuses(source),
});

const namespaceSummaries = (runtime: MeshRuntime): readonly NamespaceSummary[] =>
  (runtime.configuration?.mesh.of('Namespace') ?? []).filter(isUsers).map((namespace) => {
    const decision = namespaceInjection(namespace.labels);
    return { name: namespace.name, injection: decision.injected, reason: decision.reason };
  });

const workloadSummary = (group: readonly [RunningPod, ...RunningPod[]]): WorkloadSummary => {
  const { pod } = group[0];
  return {
    kind: pod.workloadKind,
    namespace: pod.namespace,
    name: pod.workload,
    replicas: group.length,
    sidecar: pod.sidecar,
  };
};

const standIns = ([{ pod, application }]: readonly [RunningPod, ...RunningPod[]]): readonly StandInSummary[] =>
  application?.standIn === undefined
    ? []
    : pod.containers.map(({ name, image }) => ({
        namespace: pod.namespace,
        workload: pod.workload,
        container: name,
        image,
      }));

/** What `heddle local up` says first. */
export const upSummary = (source: ReportSource, problems: readonly Problem[]): UpSummary => {
  const workloads = workloadsOf(source.runtime);
  return {
    apiVersion: 'heddle/v1',
    kind: 'LocalSummary',
    namespaces: namespaceSummaries(source.runtime),
    workloads: workloads.map(workloadSummary),
    services: serviceStatuses(source),
    gateways: gatewayStatuses(source),
    standIns: workloads.flatMap(standIns),
    problems,
  };
};
