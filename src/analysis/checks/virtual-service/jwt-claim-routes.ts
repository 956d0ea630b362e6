import type { Mesh } from '../../../model/mesh.ts';
import type { Pod } from '../../../model/pod.ts';
import type { Resource } from '../../../model/resource.ts';
import type { VirtualService } from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import { qualifyGateway } from '../../../traffic/compile/names.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { indexPods } from '../../lookup/pods.ts';
import { isRoutingClaim } from '../../validate/http-route.ts';

interface ClaimMatch {
  readonly claim: string;
  /** The `headers` or `withoutHeaders` that holds it. */
  readonly headers: object;
}

const firstClaim = ({ object }: Resource<VirtualService>): ClaimMatch | undefined => {
  for (const { headers = {}, withoutHeaders = {} } of (object.spec?.http ?? []).flatMap(({ match = [] }) => match)) {
    for (const matched of [headers, withoutHeaders]) {
      const claim = Object.keys(matched).find(isRoutingClaim);
      if (claim !== undefined) return { claim, headers: matched };
    }
  }
  return undefined;
};

/** Whether some RequestAuthentication of the pod's or the root namespace selects the pod. */
const isAuthenticated = (mesh: Mesh, pod: Pod): boolean =>
  mesh
    .of('RequestAuthentication')
    .some(
      ({ namespace, object }) =>
        (namespace === pod.namespace || namespace === mesh.config.rootNamespace) &&
        matchesLabels(object.spec?.selector?.matchLabels ?? {}, pod.labels),
    );

/** Istio's `virtualservice.JWTClaimRouteAnalyzer`; tells of each workload of a gateway once. */
export const jwtClaimRoutes = defineCheck({
  name: 'virtualservice.JWTClaimRouteAnalyzer',
  summary: 'Routes by JWT claim at gateways whose pods verify no tokens.',
  emits: ['IST0149'],
  *run({ mesh, pods }) {
    const index = indexPods(pods);
    for (const virtualService of mesh.of('VirtualService')) {
      const match = firstClaim(virtualService);
      if (match === undefined) continue;
      for (const reference of virtualService.object.spec?.gateways ?? []) {
        const gateway = qualifyGateway(reference, virtualService.namespace);
        const [namespace = '', name = ''] = gateway.split('/', 2);
        const found = mesh.find('Gateway', namespace, name);
        if (found === undefined) continue;
        for (const pod of index.select(found.object.spec?.selector ?? {})) {
          if (isAuthenticated(mesh, pod)) continue;
          const workload = `${pod.workloadKind} ${pod.namespace}/${pod.workload}`;
          yield finding(
            'IST0149',
            virtualService,
            { claim: match.claim, gateway, workload },
            {
              labels: [
                { span: spanOf(match.headers, match.claim, 'key') ?? virtualService.span, text: 'this match' },
                { span: pod.owner.span, text: 'runs the gateway' },
              ],
              effect: 'no request has the claim: matches on it fail, matches on its absence hold for all',
              hint: `add a RequestAuthentication for it in namespace ${pod.namespace}`,
            },
          );
        }
      }
    }
  },
});
