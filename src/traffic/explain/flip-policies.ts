import { everyRule } from '../authorize.ts';
import type { AuthorizationCondition, AuthorizationRule, ProxyTables } from '../tables.ts';
import type { AskedRequest } from './explanation.ts';
import type { MeshView } from './mesh-view.ts';
import { type Mutation, sampleOf, withHeader } from './mutation.ts';

/** Methods, paths, headers and identities that the policies of some proxies name. */
export function* acrossPolicies(
  view: MeshView,
  proxies: Iterable<ProxyTables>,
  asked: AskedRequest,
): Iterable<Mutation> {
  const rules = new Set<AuthorizationRule>();
  for (const { authorization } of proxies)
    for (const rule of authorization === undefined ? [] : everyRule(authorization.http)) rules.add(rule);
  if (rules.size === 0) return;
  for (const rule of rules) yield* towardsRule(rule, asked);
  if (asked.method !== 'POST') yield { change: 'method POST', effort: 3, asked: { ...asked, method: 'POST' } };
  if (asked.method !== 'GET') yield { change: 'method GET', effort: 3, asked: { ...asked, method: 'GET' } };
  if (asked.gateway !== undefined) return;
  for (const from of callersOf(view))
    if (from !== asked.from) yield { change: `from ${from}`, effort: 5, asked: { ...asked, from } };
}

/** One workload for each identity, which is what policies tell callers apart by. */
const callersOf = ({ world, ownNamespace }: MeshView): Iterable<string> => {
  const byIdentity = new Map<string, string>();
  for (const { pod } of world.pods) {
    if (pod.proxyMode === 'gateway' || pod.namespace === ownNamespace) continue;
    const identity = `${pod.namespace}/${pod.serviceAccount} ${pod.proxyMode}`;
    if (!byIdentity.has(identity)) byIdentity.set(identity, `${pod.namespace}/${pod.workload}`);
  }
  return byIdentity.values();
};

function* towardsRule(rule: AuthorizationRule, asked: AskedRequest): Iterable<Mutation> {
  const conditions = [...rule.when, ...(rule.from[0] ?? []), ...rule.to.flat()];
  const single = conditions.flatMap((condition) => changesFor(condition));
  for (const change of single) yield { change: change.text, effort: 2, asked: change.apply(asked) };
  const together = [...rule.when, ...(rule.to[0] ?? [])].flatMap((condition) => changesFor(condition).slice(0, 1));
  if (together.length < 2) return;
  const changed = together.reduce((request, { apply }) => apply(request), asked);
  yield { change: together.map(({ text }) => text).join(' and '), effort: 2 * together.length, asked: changed };
}

/** One thing that a condition of a policy looks at, changed. */
interface PolicyChange {
  readonly text: string;
  readonly apply: (asked: AskedRequest) => AskedRequest;
}

/** How a caller gives a request what a condition names; nothing for what only the mesh can change. */
const changesFor = (condition: AuthorizationCondition): readonly PolicyChange[] =>
  [...condition.values, ...condition.notValues].flatMap((wanted): readonly PolicyChange[] => {
    const value = typeof wanted === 'object' && 'kind' in wanted ? sampleOf(wanted) : undefined;
    if (value === undefined) return [];
    switch (condition.on) {
      case 'method':
        return [{ text: `method ${value}`, apply: (asked) => ({ ...asked, method: value }) }];
      case 'path':
        return [{ text: `path ${value}`, apply: (asked) => ({ ...asked, path: value }) }];
      case 'header':
        return [
          {
            text: `add header ${condition.name}: ${value}`,
            apply: (asked) => withHeader(asked, condition.name, value),
          },
        ];
      default:
        return [];
    }
  });
