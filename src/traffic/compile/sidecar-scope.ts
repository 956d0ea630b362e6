import { indexSelecting } from '../../model/label-index.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { Sidecar, SidecarSpec } from '../../model/schema/generated/types-istio.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { hostCovers } from './names.ts';
import type { Report } from './report.ts';
import { type IngressPlan, planIngress } from './sidecar-ingress.ts';

/** What a Sidecar lets the proxies it is for see of the mesh. */
export interface SidecarScope {
  /** What it lets be seen, in one text: proxies of one namespace and equal scopes share their tables. */
  readonly key: string;
  /** Whether a host of an object in a namespace is listed under `egress`. */
  sees(namespace: string, host: string): boolean;
  /** `outboundTrafficPolicy`, where the Sidecar sets it. */
  readonly unknown: MeshSettings['unknown'] | undefined;
  readonly ingress: IngressPlan;
}

/**
 * Answers which Sidecar is for a pod: one that selects it, else that of its namespace, else that of the root namespace,
 * the older of two equals; undefined when none is, and the proxy sees all that is exported to it.
 */
export const indexSidecars = (
  mesh: Mesh,
  settings: MeshSettings,
  report: Report,
): ((pod: Pod) => SidecarScope | undefined) => {
  const scopes = mesh.of('Sidecar').map((resource) => {
    const spec = resource.object.spec ?? {};
    warnOfUnsupported(resource, spec, report);
    const labels = spec.workloadSelector?.labels;
    const isWide = labels === undefined || Object.keys(labels).length === 0;
    return { resource, labels: isWide ? undefined : labels, scope: toScope(resource, spec, report) };
  });
  const selecting = indexSelecting(
    scopes.filter(({ labels }) => labels !== undefined),
    ({ resource: { namespace }, labels = {} }) => ({ namespace, labels }),
  );
  const wide = new Map<string, SidecarScope>();
  for (const { resource, labels, scope } of scopes) {
    if (labels === undefined && !wide.has(resource.namespace)) wide.set(resource.namespace, scope);
  }
  return ({ namespace, labels }) =>
    selecting(namespace, labels)[0]?.scope ?? wide.get(namespace) ?? wide.get(settings.rootNamespace);
};

const warnOfUnsupported = (resource: Resource<Sidecar>, spec: SidecarSpec, report: Report): void => {
  if (spec.outboundTrafficPolicy?.egressProxy !== undefined) {
    const effect = 'unknown destinations are reached directly';
    report.unsupportedField(resource, 'egressProxy', effect, [spec.outboundTrafficPolicy, 'egressProxy']);
  }
  for (const listener of spec.egress ?? []) {
    for (const field of ['port', 'bind', 'captureMode'] as const) {
      if (listener[field] === undefined) continue;
      report.unsupportedField(resource, `egress.${field}`, 'its hosts are seen on every port', [listener, field]);
    }
  }
};

const toScope = (resource: Resource<Sidecar>, spec: SidecarSpec, report: Report): SidecarScope => {
  const hosts = new Map<string, string[]>();
  for (const entry of (spec.egress ?? []).flatMap((listener) => listener.hosts)) {
    const slash = entry.indexOf('/');
    const written = entry.slice(0, Math.max(slash, 0));
    const namespace = written === '.' ? resource.namespace : written;
    hosts.set(namespace, [...(hosts.get(namespace) ?? []), entry.slice(slash + 1).toLowerCase()]);
  }
  const lists = (namespace: string, host: string): boolean =>
    hosts.get(namespace)?.some((listed) => hostCovers(listed, host)) === true;
  const mode = spec.outboundTrafficPolicy?.mode;
  const unknown = mode === undefined ? undefined : mode === 'REGISTRY_ONLY' ? 'blackhole' : 'passthrough';
  return {
    key: JSON.stringify([spec.egress === undefined ? undefined : [...hosts], unknown]),
    // Without egress the Sidecar leaves outbound visibility alone.
    sees: (namespace, host) => spec.egress === undefined || lists('*', host) || lists(namespace, host),
    unknown,
    ingress: planIngress(resource, spec, report),
  };
};
