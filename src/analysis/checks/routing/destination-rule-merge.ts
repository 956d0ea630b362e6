import { resolveShortName } from '../../../model/names.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { DestinationRule } from '../../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { inCreationOrder } from '../../lookup/creation-order.ts';
import { isRefused } from '../../lookup/refused.ts';
import { sameContent } from '../../lookup/same-content.ts';

type Rule = Resource<DestinationRule>;

/** The DestinationRules that Istio merges: of one namespace and host, exported alike, for all workloads. */
const mergedRules = (rules: readonly Rule[]): readonly (readonly Rule[])[] => {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) {
    const { host = '', exportTo = [], workloadSelector } = rule.object.spec ?? {};
    if (workloadSelector !== undefined) continue;
    const key = JSON.stringify([rule.namespace, resolveShortName(host, rule.namespace), [...new Set(exportTo)].sort()]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [rule]);
    else known.push(rule);
  }
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => group.filter((rule) => !isRefused(rule)));
};

/** Something that the first of merged DestinationRules decides. */
interface Decided {
  readonly by: Rule;
  readonly value: object;
}

const placeOf = (at: object, key: string, { by, value }: Decided, effect: string): Place => ({
  in: at,
  key,
  ...(key === 'trafficPolicy' && { part: 'key' }),
  labels: [{ span: spanOf(value) ?? by.span, text: resourceId(by) }],
  effect,
  hint: 'put the settings of one host into one DestinationRule',
});

function* compare(rules: readonly Rule[]): Iterable<Finding> {
  const subsets = new Map<string, Decided>();
  let policy: Decided | undefined;
  for (const rule of inCreationOrder(rules)) {
    const { spec } = rule.object;
    if (spec === undefined) continue;
    const own = new Set<string>();
    for (const subset of spec.subsets ?? []) {
      const first = subsets.get(subset.name);
      if (first === undefined) subsets.set(subset.name, { by: rule, value: subset });
      else if (first.by !== rule && !own.has(subset.name) && !sameContent(first.value, subset)) {
        const values = { subset: subset.name, host: spec.host, other: resourceId(first.by) };
        const effect =
          'labels and settings of the younger object are ignored; of objects created together the name decides';
        yield finding('HED0021', rule, values, placeOf(subset, 'name', first, effect));
      }
      own.add(subset.name);
    }
    if (spec.trafficPolicy === undefined) continue;
    if (policy === undefined) policy = { by: rule, value: spec.trafficPolicy };
    else if (!sameContent(policy.value, spec.trafficPolicy)) {
      const values = { host: spec.host, other: resourceId(policy.by) };
      const effect = 'all of the younger trafficPolicy is ignored; of objects created together the name decides';
      yield finding('HED0022', rule, values, placeOf(spec, 'trafficPolicy', policy, effect));
    }
  }
}

/** What gets lost where Istio merges DestinationRules: the first object's subset of a name, and its whole trafficPolicy, win. */
export const destinationRuleMerge = defineCheck({
  name: 'heddle.DestinationRuleMerge',
  summary: 'DestinationRules of one host that give a subset, or the trafficPolicy, different contents.',
  emits: ['HED0021', 'HED0022'],
  *run({ mesh }) {
    for (const rules of mergedRules(mesh.of('DestinationRule'))) yield* compare(rules);
  },
});
