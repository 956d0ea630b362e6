import type { Resource } from '../../../model/resource.ts';
import type { DestinationRule, LoadBalancer } from '../../../model/schema/generated/types-istio.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { policyPartsOf } from '../../lookup/traffic-policies.ts';

/** What Envoy cannot start slowly: Istio configures a warm-up for round robin and least request alone. */
const withoutWarmup = ({ consistentHash, simple }: LoadBalancer): string | undefined => {
  if (consistentHash !== undefined) return 'consistentHash';
  return simple === 'RANDOM' || simple === 'PASSTHROUGH' ? simple : undefined;
};

function* findWarmup(rule: Resource<DestinationRule>, balancer: LoadBalancer): Iterable<Finding> {
  const algorithm = withoutWarmup(balancer);
  const key = (['warmup', 'warmupDurationSecs'] as const).find((name) => balancer[name] !== undefined);
  if (algorithm === undefined || key === undefined) return;
  yield finding(
    'HED0053',
    rule,
    { setting: key, algorithm },
    {
      in: balancer,
      key,
      part: 'key',
      effect: 'a new endpoint gets its full share of the requests at once',
      hint: 'balance with LEAST_REQUEST or ROUND_ROBIN, or remove the warm-up',
    },
  );
}

function* findHashOfNothing(rule: Resource<DestinationRule>, balancer: LoadBalancer): Iterable<Finding> {
  const { consistentHash: hash } = balancer;
  if (hash === undefined || hash.httpCookie !== undefined || hash.useSourceIp === true) return;
  if ((hash.httpHeaderName ?? '') !== '' || (hash.httpQueryParameterName ?? '') !== '') return;
  yield finding(
    'HED0054',
    rule,
    {},
    {
      in: balancer,
      key: 'consistentHash',
      part: 'key',
      effect: 'requests of one client go to any endpoint, there is no affinity',
      hint: 'add httpHeaderName, httpCookie, httpQueryParameterName or useSourceIp: true',
    },
  );
}

/** Parts of a load balancer that its other parts keep from acting. */
export const loadBalancer = defineCheck({
  name: 'heddle.LoadBalancer',
  summary: 'Warm-ups that the algorithm does not know, and consistent hashes of nothing.',
  emits: ['HED0053', 'HED0054'],
  *run({ mesh }) {
    for (const rule of mesh.of('DestinationRule')) {
      for (const { settings } of policyPartsOf(rule)) {
        if (settings.loadBalancer === undefined) continue;
        yield* findWarmup(rule, settings.loadBalancer);
        yield* findHashOfNothing(rule, settings.loadBalancer);
      }
    }
  },
});
