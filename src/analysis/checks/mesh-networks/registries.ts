import { suggest } from '../../../base/distance.ts';
import { isObject } from '../../../model/value.ts';
import { setText } from '../../../yaml/edit.ts';
import { defineCheck, finding } from '../../check.ts';
import { isMistyped } from '../../lookup/mistyped.ts';
import { offerFix } from '../../offer-fix.ts';

/** Istio's own registries; every cluster with a secret for remote access is one more. */
const REGISTRIES = ['Mock', 'Kubernetes', 'External'];
const REMOTE_CLUSTER_LABEL = 'istio/multiCluster';

/** Istio's `meshnetworks.MeshNetworksAnalyzer`. */
export const meshNetworkRegistries = defineCheck({
  name: 'meshnetworks.MeshNetworksAnalyzer',
  summary: 'Networks of the mesh with endpoints from a service registry that does not exist.',
  emits: ['IST0126'],
  *run({ mesh, meshNetworks }) {
    const networks: unknown = meshNetworks === undefined ? undefined : Reflect.get(meshNetworks.object, 'networks');
    if (meshNetworks === undefined || !isObject(networks)) return;
    const secrets = mesh.of('Secret').filter(({ labels }) => labels[REMOTE_CLUSTER_LABEL] === 'true');
    const known = new Set([...REGISTRIES, ...secrets.flatMap(({ object }) => Object.keys(object.data ?? {}))]);
    for (const [network, definition] of Object.entries(networks)) {
      const endpoints = isObject(definition) ? definition['endpoints'] : undefined;
      for (const endpoint of Array.isArray(endpoints) ? endpoints : []) {
        const registry: unknown = isObject(endpoint) ? endpoint['fromRegistry'] : undefined;
        if (typeof registry !== 'string' || known.has(registry)) continue;
        const near = suggest(registry, known);
        const place = {
          in: endpoint,
          key: 'fromRegistry',
          hint: `write one of ${[...known].join(', ')}`,
          ...(near !== undefined &&
            isMistyped(registry, near) &&
            offerFix(`write "${near}"`, 'unsafe', [setText(endpoint, 'fromRegistry', near)])),
        };
        yield finding('IST0126', meshNetworks, { network, registry }, place);
      }
    }
  },
});
