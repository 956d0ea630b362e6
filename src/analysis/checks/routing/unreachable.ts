import { formatSpan } from '../../../base/span.ts';
import { resourceId } from '../../../model/resource.ts';
import { instantiateRules, type RuleScope } from '../../../traffic/compile/instantiate.ts';
import type { RulePlan } from '../../../traffic/compile/rule-plan.ts';
import type { VirtualServicePlan } from '../../../traffic/compile/virtual-services.ts';
import type { Route } from '../../../traffic/tables.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { covers } from '../../lookup/match-coverage.ts';
import { createMatchIndex } from '../../lookup/match-index.ts';
import { selectorText } from '../../lookup/pods.ts';
import { listenerFor } from '../../lookup/rule-listener.ts';
import { virtualServicePlans } from '../../lookup/virtual-service-plans.ts';
import { curlLine, routeOf, witnessOf } from '../../lookup/witness.ts';
import { actAlike, indexWrittenRules, labelOf, placeOfRule, type WrittenRule } from '../../lookup/written-rules.ts';
import { Review } from '../../validate/review.ts';
import { reviewReachability } from '../../validate/unreachable-rules.ts';

type FindRule = ReturnType<typeof indexWrittenRules>;

/** Why no request gets to a match: which earlier one takes them all, and a request the proxies' router sends there. */
interface Proof {
  readonly by: RulePlan;
  /** The rule that `by` belongs to. */
  readonly taker: WrittenRule;
  readonly example: string;
}

/** What becomes of one match in one VirtualService; a match of a delegate may have several fates. */
interface Fate {
  readonly plan: RulePlan;
  readonly proof: Proof | undefined;
}

/** The routes of a VirtualService as a listener has them; rules that ask for the same listener share them. */
const createRouter = (virtualService: VirtualServicePlan): ((scope: RuleScope) => readonly Route[]) => {
  const known = new Map<string, readonly Route[]>();
  return (scope) => {
    const key = JSON.stringify([scope.client, scope.gateway, scope.listenerPort]);
    const routes = known.get(key) ?? instantiateRules(virtualService.rules, scope);
    known.set(key, routes);
    return routes;
  };
};

const prove = (
  rule: RulePlan,
  by: RulePlan,
  virtualService: VirtualServicePlan,
  routesAt: ReturnType<typeof createRouter>,
  find: FindRule,
): Proof | undefined => {
  const scope = listenerFor(rule, virtualService);
  const request = witnessOf(rule.match, virtualService.hosts[0] ?? '', scope.listenerPort);
  if (request === undefined || routeOf(instantiateRules([rule], scope), request) === undefined) return undefined;
  const origin = routeOf(routesAt(scope), request)?.origin;
  const goal = find(origin);
  const taker = find(by.origin);
  if (origin === undefined || origin === rule.origin || goal === undefined || taker === undefined) return undefined;
  const labels = selectorText(scope.client.labels);
  const from = labels === '' ? '' : ` from a pod with ${labels}`;
  const example = `\`${curlLine(request)}\`${from} goes to rule ${goal.label} (${formatSpan(origin.span)})`;
  return { by, taker, example };
};

/** The fates of the matches of every rule, in all the VirtualServices that the rule is part of. */
const fatesOf = (plans: readonly VirtualServicePlan[], find: FindRule): ReadonlyMap<WrittenRule, readonly Fate[]> => {
  const fates = new Map<WrittenRule, Fate[]>();
  for (const virtualService of plans) {
    const reachable = createMatchIndex<RulePlan>();
    const routesAt = createRouter(virtualService);
    for (const plan of virtualService.rules) {
      const by = reachable.candidates(plan.match).find((earlier) => covers(earlier, plan, virtualService.gateways));
      if (by === undefined) reachable.add(plan);
      const written = find(plan.origin);
      if (written === undefined) continue;
      const fate = { plan, proof: by && prove(plan, by, virtualService, routesAt, find) };
      const known = fates.get(written);
      if (known === undefined) fates.set(written, [fate]);
      else known.push(fate);
    }
  }
  return fates;
};

/** The rules (or their lists of matches) that Istio's own analysis calls unreachable, and the matches it calls useless. */
const toldByIstio = (resource: WrittenRule['resource']): ReadonlySet<unknown> => {
  const review = new Review();
  reviewReachability(resource.object.spec ?? {}, review);
  return new Set(
    review.remarks.map(({ kind, at: [container, key] }) =>
      kind === 'ineffective' && Array.isArray(container) && typeof key === 'number' ? container[key] : container,
    ),
  );
};

const toFinding = (
  code: 'HED0010' | 'HED0011',
  { resource, label }: WrittenRule,
  match: string,
  { by, taker, example }: Proof,
  place: Place,
): Finding => {
  const owner = taker.resource === resource ? '' : ` of ${resourceId(taker.resource)}`;
  const values = { match, rule: label, earlier: `${taker.label}${owner}` };
  return finding(code, resource, values, {
    ...place,
    labels: [{ span: by.origin.span, text: 'takes all of these requests first' }],
    effect: example,
    hint: 'put the narrower rule first, or remove what never acts',
  });
};

function* judge(
  written: WrittenRule,
  fates: readonly Fate[],
  toldOf: (resource: WrittenRule['resource']) => ReadonlySet<unknown>,
): Iterable<Finding> {
  const { rule } = written;
  const { match = [] } = rule;
  if (fates.every(({ proof }) => proof === undefined)) return;
  const told = toldOf(written.resource);
  if (told.has(rule) || told.has(rule.match)) return;
  // What acts alike may stand anywhere: that it never acts changes nothing.
  const changes = ({ taker }: Proof): boolean => taker.rule !== rule && !actAlike(taker.rule, rule);
  if (fates.every(({ proof }) => proof !== undefined)) {
    const proof = fates.flatMap((fate) => fate.proof ?? []).find(changes);
    if (proof !== undefined) yield toFinding('HED0010', written, '', proof, placeOfRule(written));
    return;
  }
  for (const [index, one] of match.entries()) {
    const span = spanOf(one);
    if (span === undefined || told.has(one)) continue;
    const own = fates.filter(({ plan }) => formatSpan(plan.origin.span) === formatSpan(span));
    const proofs = own.flatMap((fate) => fate.proof ?? []);
    const proof = proofs.find(changes);
    if (proof === undefined || proofs.length < own.length) continue;
    yield toFinding('HED0011', written, labelOf(one, index), proof, { in: match, key: index });
  }
}

/**
 * Rules that can't act, each proved twice: an earlier match covers the rule's, and the router of the proxies sends an
 * example elsewhere. What Istio's analysis says already is left to it.
 */
export const unreachableRules = defineCheck({
  name: 'heddle.UnreachableRules',
  summary: 'HTTP rules, and matches of rules, whose requests an earlier and broader rule takes.',
  emits: ['HED0010', 'HED0011'],
  *run({ mesh }) {
    const find = indexWrittenRules(mesh);
    const known = new Map<object, ReadonlySet<unknown>>();
    const toldOf = (resource: WrittenRule['resource']): ReadonlySet<unknown> => {
      const told = known.get(resource) ?? toldByIstio(resource);
      known.set(resource, told);
      return told;
    };
    for (const [written, fates] of fatesOf(virtualServicePlans(mesh), find)) yield* judge(written, fates, toldOf);
  },
});
