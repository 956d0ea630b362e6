import type { KindName } from '../../../model/kinds.ts';
import { isObject } from '../../../model/value.ts';
import { spanOf } from '../../../yaml/located.ts';
import type { Plain } from '../../../yaml/plain.ts';
import { defineCheck, finding } from '../../check.ts';

/** Conditions that Istio's controllers set and that are bad news when they are `False`. */
const NEGATIVE: ReadonlyMap<KindName, readonly string[]> = new Map<KindName, readonly string[]>([
  ['Service', ['istio.io/WaypointBound']],
  ['ServiceEntry', ['istio.io/WaypointBound']],
  ['WorkloadEntry', ['istio.io/WaypointBound']],
  ['AuthorizationPolicy', ['ZtunnelAccepted', 'WaypointAccepted']],
  ['KubernetesGateway', ['Accepted', 'Programmed', 'ResolvedRefs']],
  ['HTTPRoute', ['Accepted', 'Programmed', 'ResolvedRefs']],
  ['GRPCRoute', ['Accepted', 'Programmed', 'ResolvedRefs']],
]);

/** What an optional list of mappings holds; a status is written by machines, but not checked by a schema everywhere. */
const mappings = (value: unknown): readonly Plain[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The conditions of an object, and of a route those for each of its parents. */
const conditionsOf = (object: object): readonly Plain[] => {
  const status: unknown = 'status' in object ? object.status : undefined;
  if (!isObject(status)) return [];
  return [status, ...mappings(status['parents'])].flatMap((holder) => mappings(holder['conditions']));
};

const isNegative = (kind: KindName, condition: Plain): boolean => {
  const type = condition['type'];
  if (condition['status'] === 'False') return NEGATIVE.get(kind)?.some((name) => name === type) === true;
  // Half of the policy is refused, and still the condition is True.
  return kind === 'AuthorizationPolicy' && type === 'WaypointAccepted' && condition['reason'] === 'PartiallyInvalid';
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Istio's `conditions.ConditionAnalyzer`. */
export const negativeConditions = defineCheck({
  name: 'conditions.ConditionAnalyzer',
  summary: 'Objects whose status says that Istio did not accept them.',
  emits: ['IST0171'],
  *run({ mesh }) {
    for (const kind of NEGATIVE.keys()) {
      for (const resource of mesh.of(kind)) {
        const told = new Set<string>();
        for (const condition of conditionsOf(resource.object)) {
          if (!isNegative(kind, condition)) continue;
          const why = [textOf(condition['reason']), textOf(condition['message'])].filter((part) => part !== '');
          const [type, status, reason] = [textOf(condition['type']), textOf(condition['status']), why.join(', ')];
          // Two parents may refuse a route for one reason.
          if (told.has(`${type} ${status} ${reason}`)) continue;
          told.add(`${type} ${status} ${reason}`);
          const span = spanOf(condition, 'status');
          const labels = span === undefined ? [] : [{ span, text: `${type} is ${status}` }];
          yield finding('IST0171', resource, { condition: type, status, reason }, { labels });
        }
      }
    }
  },
});
