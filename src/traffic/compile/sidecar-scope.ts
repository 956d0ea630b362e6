import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { Sidecar, SidecarSpec } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { hostCovers } from './names.ts';
import type { Report } from './report.ts';

/** What a Sidecar lets the proxies it is for see of the mesh. */
export interface SidecarScope {
  /** Tells scopes apart: proxies of one namespace and scope share their tables. */
  readonly name: string;
  /** Whether a host of an object in a namespace is listed under `egress`. */
  sees(namespace: string, host: string): boolean;
  /** `outboundTrafficPolicy`, where the Sidecar sets it. */
  readonly unknown: MeshSettings['unknown'] | undefined;
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
    return { resource, labels: isWide ? undefined : labels, scope: toScope(resource, spec) };
  });
  return (pod) => {
    const near = scopes.filter(({ resource }) => resource.namespace === pod.namespace);
    const own = near.find(({ labels }) => labels !== undefined && matchesLabels(labels, pod.labels));
    const wide = near.find(({ labels }) => labels === undefined);
    const root = scopes.find(
      ({ resource, labels }) => resource.namespace === settings.rootNamespace && labels === undefined,
    );
    return (own ?? wide ?? root)?.scope;
  };
};

const warnOfUnsupported = (resource: Resource<Sidecar>, spec: SidecarSpec, report: Report): void => {
  if (spec.ingress !== undefined) {
    report.unsupportedField(resource, 'ingress', 'inbound ports are those of the services', [spec, 'ingress']);
  }
  if (spec.inboundConnectionPool !== undefined) {
    const effect = 'it limits nothing';
    report.unsupportedField(resource, 'inboundConnectionPool', effect, [spec, 'inboundConnectionPool']);
  }
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

const toScope = (resource: Resource<Sidecar>, spec: SidecarSpec): SidecarScope => {
  const entries = (spec.egress ?? []).flatMap((listener) =>
    listener.hosts.map((entry) => {
      const slash = entry.indexOf('/');
      const namespace = entry.slice(0, Math.max(slash, 0));
      return {
        namespace: namespace === '.' ? resource.namespace : namespace,
        host: entry.slice(slash + 1).toLowerCase(),
      };
    }),
  );
  const mode = spec.outboundTrafficPolicy?.mode;
  return {
    name: `${resource.namespace}/${resource.name}`,
    // Without egress the Sidecar leaves outbound visibility alone.
    sees: (namespace, host) =>
      spec.egress === undefined ||
      entries.some(
        (entry) => (entry.namespace === '*' || entry.namespace === namespace) && hostCovers(entry.host, host),
      ),
    unknown: mode === undefined ? undefined : mode === 'REGISTRY_ONLY' ? 'blackhole' : 'passthrough',
  };
};
