import type { KindName } from '../../model/kinds.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Report } from './report.ts';

/** What it means for traffic that a kind is not acted upon. */
const EFFECTS: readonly (readonly [kind: KindName, effect: string])[] = [
  ['WasmPlugin', 'its module does not run'],
  ['TrafficExtension', 'its extension does not run'],
  ['WorkloadEntry', 'it is no endpoint of any service'],
  ['WorkloadGroup', 'it creates no workload'],
  ['ProxyConfig', 'proxies keep their defaults'],
  ['Endpoints', 'its addresses are no endpoints of any service'],
  ['EndpointSlice', 'its addresses are no endpoints of any service'],
  ['Ingress', 'no gateway serves its rules'],
];

/** Warns once per object of the kinds that have no effect on local traffic yet; none of them is dropped silently. */
export const reportUnsupportedKinds = (mesh: Mesh, report: Report): void => {
  for (const [kind, effect] of EFFECTS) {
    for (const resource of mesh.of(kind)) report.unsupportedKind(resource, effect);
  }
};
