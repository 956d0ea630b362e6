import type { Mesh } from '../../../model/mesh.ts';
import type { Pod } from '../../../model/pod.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Telemetry, TelemetrySpec } from '../../../model/schema/generated/types-istio.ts';
import type { ProxyTelemetry, SideTelemetry } from '../../telemetry/proxy-telemetry.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import { indexTargeted } from '../policy-target.ts';
import type { Report } from '../report.ts';
import type { ServiceRegistry } from '../services.ts';
import { checkDefaultTracing, checkTelemetry } from './check-telemetry.ts';
import { type CompiledLogs, compileLogs, compileMeshLog } from './logs.ts';
import { compileMetrics } from './metrics.ts';
import type { Side } from './providers.ts';
import { compileTracing, type TracingSources, tracingUsesHeaders } from './tracing.ts';

/** What Telemetries and the mesh configuration ask of a pod's proxy. Proxies under the same Telemetries share what they log and count. */
export type TelemetryOf = (pod: Pod) => ProxyTelemetry;

/** Validates the Telemetries of a mesh and finds those of each proxy. */
export const indexTelemetry = (
  mesh: Mesh,
  registry: ServiceRegistry,
  { rootNamespace }: MeshSettings,
  report: Report,
): TelemetryOf => {
  const sources = { mesh, registry };
  checkDefaultTracing(sources, report);
  const sound = mesh.of('Telemetry').filter((resource) => {
    checkTelemetry(resource, sources, report);
    return !report.isInvalid(resource);
  });
  const levelsOf = indexLevels(sound, rootNamespace);
  const meshLog = compileMeshLog(mesh);
  const known = new Map<string, ProxyTelemetry>();
  return (pod) => {
    const levels = levelsOf(pod);
    const key = levels.map(({ order }) => order).join();
    const untraced = known.get(key) ?? compileTelemetry(levels.map(specOf), mesh, meshLog);
    known.set(key, untraced);
    return withTracing(untraced, levels.map(specOf), sources, pod);
  };
};

const specOf = ({ object }: Resource<Telemetry>): TelemetrySpec => object.spec ?? {};

const isNamespaceWide = (resource: Resource<Telemetry>): boolean => {
  const { selector, targetRef, targetRefs = [] } = specOf(resource);
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && targetRef === undefined && targetRefs.length === 0;
};

/** From the mesh to the workload: of those for a whole namespace only the oldest counts. */
const indexLevels = (
  all: readonly Resource<Telemetry>[],
  rootNamespace: string,
): ((pod: Pod) => readonly Resource<Telemetry>[]) => {
  const wide = new Map<string, Resource<Telemetry>>();
  for (const resource of all)
    if (isNamespaceWide(resource) && !wide.has(resource.namespace)) wide.set(resource.namespace, resource);
  const narrow = indexTargeted(
    all.filter((resource) => !isNamespaceWide(resource)),
    (resource) => resource,
    rootNamespace,
  );
  return (pod) => [
    ...[...new Set([rootNamespace, pod.namespace])].flatMap((namespace) => wide.get(namespace) ?? []),
    ...narrow(pod).filter(({ namespace }) => namespace === pod.namespace),
  ];
};

const compileTelemetry = (levels: readonly TelemetrySpec[], mesh: Mesh, meshLog: CompiledLogs): ProxyTelemetry => {
  let keepsHeaders = false;
  const compileSide = (side: Side): SideTelemetry => {
    const logging = levels.flatMap(({ accessLogging = [] }) => (accessLogging.length > 0 ? [accessLogging] : []));
    const logs = compileLogs(logging, mesh, side) ?? meshLog;
    const counted = levels.flatMap((spec) => spec.metrics ?? []);
    const metrics = compileMetrics(counted, mesh, side);
    keepsHeaders ||= logs.usesHeaders || metrics.usesHeaders;
    return { logs: logs.sinks, metrics: metrics.rules };
  };
  const sides = { source: compileSide('source'), destination: compileSide('destination') };
  return { ...sides, keepsHeaders };
};

/** Spans name the workload, so that it is not for all that share the rest. */
const withTracing = (
  untraced: ProxyTelemetry,
  levels: readonly TelemetrySpec[],
  sources: TracingSources,
  pod: Pod,
): ProxyTelemetry => {
  const entries = levels.flatMap((spec) => spec.tracing ?? []);
  const ofSide = (side: Side): SideTelemetry => {
    const tracing = compileTracing(sources, entries, pod, side);
    return tracing === undefined ? untraced[side] : { ...untraced[side], tracing };
  };
  const sides = { source: ofSide('source'), destination: ofSide('destination') };
  if (sides.source.tracing === undefined && sides.destination.tracing === undefined) return untraced;
  return { ...sides, keepsHeaders: untraced.keepsHeaders || tracingUsesHeaders(entries, sources.mesh) };
};
