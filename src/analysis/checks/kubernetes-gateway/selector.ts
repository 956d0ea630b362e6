import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  AuthorizationPolicy,
  RequestAuthentication,
  Telemetry,
  WasmPlugin,
} from '../../../model/schema/generated/types-istio.ts';
import { replaceEntry } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import { indexPods } from '../../lookup/pods.ts';
import { offerFix } from '../../offer-fix.ts';

const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

type Policy = Resource<AuthorizationPolicy | RequestAuthentication | Telemetry | WasmPlugin>;

const policiesOf = (mesh: Mesh): readonly Policy[] => [
  ...mesh.of('AuthorizationPolicy'),
  ...mesh.of('RequestAuthentication'),
  ...mesh.of('Telemetry'),
  ...mesh.of('WasmPlugin'),
];

const placeOf = (container: object, gateway: string, gateways: readonly string[]): Place => {
  const span = spanOf(container, 'selector', 'key');
  return {
    labels: span === undefined ? [] : [{ span, text: `selects pods of Gateway ${gateway}` }],
    effect: 'the proxies of the Gateway do not apply it',
    hint: `attach it by targetRefs to Gateway ${gateway}`,
    ...offerFix('attach it by targetRefs', 'unsafe', [
      replaceEntry(
        container,
        'selector',
        'targetRefs',
        gateways.map((name) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name })),
      ),
    ]),
  };
};

/** Istio's `k8sgateway.SelectorAnalyzer`; one finding a policy and Gateway. */
export const gatewaySelector = defineCheck({
  name: 'k8sgateway.SelectorAnalyzer',
  summary: 'Policies that select the pods of a Kubernetes Gateway, where only targetRefs have an effect.',
  emits: ['IST0166'],
  *run({ mesh, pods }) {
    const gatewayPods = indexPods(pods.filter(({ labels }) => Object.hasOwn(labels, GATEWAY_NAME)));
    if (gatewayPods.pods.length === 0) return;
    for (const resource of policiesOf(mesh)) {
      const { spec } = resource.object;
      if (spec?.selector === undefined || spec.targetRef !== undefined) continue;
      const selected = gatewayPods.select(spec.selector.matchLabels ?? {}, resource.namespace);
      const gateways = [...new Set(selected.map(({ labels }) => labels[GATEWAY_NAME] ?? ''))];
      for (const gateway of gateways) {
        yield finding('IST0166', resource, { gateway }, placeOf(spec, gateway, gateways));
      }
    }
  },
});
