import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type { DestinationRule, OutlierDetection } from '../../../model/schema/generated/types-istio.ts';
import { insertEntry, replaceEntry } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import type { Finding, SecondaryLabel } from '../../finding.ts';
import { type HostIndex, indexHosts } from '../../lookup/hosts.ts';
import { indexPods, type PodIndex } from '../../lookup/pods.ts';
import { createReplicaCount, podsOfService } from '../../lookup/service-pods.ts';
import { type PolicyPart, policyPartsOf } from '../../lookup/traffic-policies.ts';
import { offerFix } from '../../offer-fix.ts';

type Rule = Resource<DestinationRule>;

/** Envoy's defaults for what Istio leaves unset. */
const CONSECUTIVE_5XX = 5;
const MAX_EJECTION_PERCENT = 10;

function* findThresholds(rule: Rule, outlier: OutlierDetection): Iterable<Finding> {
  const { consecutive5xxErrors, consecutiveGatewayErrors = 0 } = outlier;
  const any5xx = consecutive5xxErrors ?? CONSECUTIVE_5XX;
  if (any5xx === 0 && consecutiveGatewayErrors === 0 && outlier.splitExternalLocalOriginErrors !== true) {
    const place = {
      in: outlier,
      key: 'consecutive5xxErrors',
      effect: 'no error counts: no endpoint is ever ejected',
      hint: 'set consecutiveGatewayErrors, or consecutive5xxErrors above 0',
    };
    yield finding('HED0050', rule, {}, place);
  }
  if (any5xx === 0 || consecutiveGatewayErrors < any5xx) return;
  const span = consecutive5xxErrors === undefined ? undefined : spanOf(outlier, 'consecutive5xxErrors');
  const limit = `${any5xx}${consecutive5xxErrors === undefined ? ', the default' : ''}`;
  yield finding(
    'HED0051',
    rule,
    { gateway: String(consecutiveGatewayErrors), limit },
    {
      in: outlier,
      key: 'consecutiveGatewayErrors',
      labels: span === undefined ? [] : [{ span, text: 'is reached first: 502, 503 and 504 count here too' }],
      effect: `an endpoint is ejected after ${any5xx} errors in a row, whichever 5xx they are`,
      hint: 'make it smaller than consecutive5xxErrors, or set consecutive5xxErrors: 0 to count gateway errors alone',
    },
  );
}

interface Endpoints {
  readonly count: number;
  readonly labels: readonly SecondaryLabel[];
}

/** Counts the endpoints of a rule's host and of its subsets; undefined where the files do not tell. */
const createCounter = (
  { mesh, pods }: Pick<AnalysisInput, 'mesh' | 'pods'>,
  hosts: HostIndex,
): ((rule: Rule, part: PolicyPart) => Endpoints | undefined) => {
  const index: PodIndex = indexPods(pods);
  const replicasOf = createReplicaCount(mesh);
  return ({ object, namespace }, { subset }) => {
    const known = hosts.find(object.spec?.host ?? '', namespace, object.spec?.exportTo);
    const [service, ...more] = known?.services ?? [];
    if (service === undefined || more.length > 0 || (known?.serviceEntries ?? []).length > 0) return undefined;
    let count = 0;
    const labels: SecondaryLabel[] = [];
    for (const pod of podsOfService(index, service, subset?.labels)) {
      const replicas = replicasOf(pod);
      if (replicas === undefined) return undefined;
      count += replicas;
      const { spec } = pod.owner.object as { readonly spec?: object };
      const span = pod.workloadKind === 'Pod' || spec === undefined ? pod.owner.span : spanOf(spec, 'replicas');
      if (span !== undefined) labels.push({ span, text: replicas === 1 ? 'one endpoint' : `${replicas} endpoints` });
    }
    return { count, labels };
  };
};

/** The first endpoint is ejected only where its share of all is within the limit. */
function* findUnreachable(rule: Rule, outlier: OutlierDetection, endpoints: Endpoints): Iterable<Finding> {
  const written = outlier.maxEjectionPercent ?? 0;
  const percent = written === 0 ? MAX_EJECTION_PERCENT : written;
  const { count, labels } = endpoints;
  if (count === 0 || percent * count >= 100) return;
  const needed = Math.ceil(100 / count);
  const isWritten = outlier.maxEjectionPercent !== undefined;
  yield finding(
    'HED0052',
    rule,
    { percent: `${percent} %${isWritten ? '' : ' (the default)'}`, count: String(count) },
    {
      ...(isWritten ? { in: outlier, key: 'maxEjectionPercent' } : { in: outlier }),
      labels,
      effect: 'no endpoint is ever ejected: one alone is a larger share than that',
      hint: `set maxEjectionPercent to at least ${needed}`,
      ...offerFix(`set maxEjectionPercent to ${needed}`, 'unsafe', [
        isWritten
          ? replaceEntry(outlier, 'maxEjectionPercent', 'maxEjectionPercent', needed)
          : insertEntry(outlier, 'maxEjectionPercent', needed),
      ]),
    },
  );
}

const rulesWithOutliers = (mesh: Mesh): readonly (readonly [Rule, PolicyPart, OutlierDetection])[] =>
  mesh
    .of('DestinationRule')
    .flatMap((rule) =>
      policyPartsOf(rule).flatMap((part) =>
        part.settings.outlierDetection === undefined ? [] : [[rule, part, part.settings.outlierDetection] as const],
      ),
    );

/** Outlier detection that ejects nothing, or not by the limit that is written. */
export const outlierDetection = defineCheck({
  name: 'heddle.OutlierDetection',
  summary: 'Outlier detection that can never eject an endpoint, or has limits that are never reached.',
  emits: ['HED0050', 'HED0051', 'HED0052'],
  *run({ mesh, pods }) {
    const parts = rulesWithOutliers(mesh);
    if (parts.length === 0) return;
    const endpointsOf = createCounter({ mesh, pods }, indexHosts(mesh));
    for (const [rule, part, outlier] of parts) {
      yield* findThresholds(rule, outlier);
      const endpoints = endpointsOf(rule, part);
      if (endpoints !== undefined) yield* findUnreachable(rule, outlier, endpoints);
    }
  },
});
