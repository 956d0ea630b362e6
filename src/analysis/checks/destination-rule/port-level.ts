import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  DestinationRule,
  TrafficPolicyPortLevelSetting as PortSettings,
  TrafficPolicy,
} from '../../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding, SecondaryLabel } from '../../finding.ts';

const FIELDS = ['connectionPool', 'loadBalancer', 'outlierDetection', 'tls'] as const;

type Settings = Pick<PortSettings, (typeof FIELDS)[number]>;

/** Settings that a port would have without its own, and from where. */
interface Parent {
  readonly settings: Settings;
  readonly of: string;
}

/** What is as good as its default: mutual TLS where it is automatic, one way or another to pick any endpoint. */
const isDefault = (field: (typeof FIELDS)[number], { loadBalancer, tls }: Settings, mesh: Mesh): boolean => {
  if (field === 'tls') return tls?.mode === 'ISTIO_MUTUAL' && mesh.config.enableAutoMtls;
  if (field !== 'loadBalancer') return false;
  return loadBalancer?.consistentHash === undefined && loadBalancer?.localityLbSetting === undefined;
};

function* findLost(
  rule: Resource<DestinationRule>,
  own: PortSettings,
  parents: readonly Parent[],
  mesh: Mesh,
): Iterable<Finding> {
  const lost = FIELDS.flatMap((field) => {
    const parent = parents.find(({ settings }) => settings[field] !== undefined);
    if (own[field] !== undefined || parent === undefined || isDefault(field, parent.settings, mesh)) return [];
    return [{ field, parent }];
  });
  const [first] = lost;
  if (first === undefined) return;
  const labels = lost.flatMap(({ field, parent }): readonly SecondaryLabel[] => {
    const span = spanOf(parent.settings, field, 'key');
    return span === undefined ? [] : [{ span, text: `does not hold for port ${own.port?.number ?? ''}` }];
  });
  const fields = lost.map(({ field }) => field).join(', ');
  yield finding(
    'HED0056',
    rule,
    { port: String(own.port?.number ?? ''), fields, parent: first.parent.of },
    {
      ...(own.port === undefined ? { in: own } : { in: own.port, key: 'number' }),
      labels,
      effect: `requests to this port have Istio's defaults for ${fields}`,
      hint: `repeat ${fields} in the settings of the port`,
    },
  );
}

/** The settings of a host that a subset inherits for a port: the port's own, where it has some. */
const inheritedFor = (policy: TrafficPolicy | undefined, port: number | undefined): Settings | undefined =>
  policy?.portLevelSettings?.find((settings) => settings.port?.number === port) ?? policy;

/** Settings of a port replace all others, whatever they leave out. */
export const portLevel = defineCheck({
  name: 'heddle.PortLevelSettings',
  summary: 'Settings of one port that switch off those of all ports.',
  emits: ['HED0056'],
  *run({ mesh }) {
    for (const rule of mesh.of('DestinationRule')) {
      const { trafficPolicy, subsets = [] } = rule.object.spec ?? {};
      for (const own of trafficPolicy?.portLevelSettings ?? []) {
        if (trafficPolicy !== undefined) {
          yield* findLost(rule, own, [{ settings: trafficPolicy, of: 'trafficPolicy' }], mesh);
        }
      }
      for (const { name, trafficPolicy: policy } of subsets) {
        for (const own of policy?.portLevelSettings ?? []) {
          const inherited = inheritedFor(trafficPolicy, own.port?.number);
          const parents = [
            ...(policy === undefined ? [] : [{ settings: policy, of: `subset ${name}` }]),
            ...(inherited === undefined ? [] : [{ settings: inherited, of: 'trafficPolicy' }]),
          ];
          yield* findLost(rule, own, parents, mesh);
        }
      }
    }
  },
});
