import type { Span } from '../../base/span.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Resource } from '../../model/resource.ts';
import type { VirtualService, VirtualServiceHttp } from '../../model/schema/generated/types-istio.ts';
import type { Origin } from '../../traffic/tables.ts';
import { spanOf } from '../../yaml/located.ts';
import type { Place } from '../check.ts';
import { sameContent } from './same-content.ts';

/** A http rule as it stands in the input, maybe in a delegate. */
export interface WrittenRule {
  readonly resource: Resource<VirtualService>;
  readonly rule: VirtualServiceHttp;
  /** See `labelOf`. */
  readonly label: string;
}

const keyOf = ({ file, line, column, endLine, endColumn }: Span): string =>
  [file, line, column, endLine, endColumn].join(':');

/** How Istio's messages name a rule or a match: by its name in quotes, else by its position from 0. */
export const labelOf = ({ name = '' }: { readonly name?: string }, index: number): string =>
  name === '' ? `#${index}` : `"${name}"`;

/** Finds the rule that a route of the tables comes from. */
export const indexWrittenRules = (mesh: Mesh): ((origin: Origin | undefined) => WrittenRule | undefined) => {
  const rules = new Map<string, WrittenRule>();
  for (const resource of mesh.of('VirtualService')) {
    for (const [index, rule] of (resource.object.spec?.http ?? []).entries()) {
      const written = { resource, rule, label: labelOf(rule, index) };
      for (const container of [rule, ...(rule.match ?? [])]) {
        const span = spanOf(container);
        if (span !== undefined) rules.set(keyOf(span), written);
      }
    }
  }
  return (origin) => (origin === undefined ? undefined : rules.get(keyOf(origin.span)));
};

/** Where to say something about all of a rule: at its only match, its matches, or the rule if it has none. */
export const placeOfRule = ({ rule }: WrittenRule): Place => {
  const { match = [] } = rule;
  if (match.length === 0) return { in: rule };
  return match.length === 1 ? { in: match, key: 0 } : { in: rule, key: 'match', part: 'key' };
};

/** Whether two rules treat a request alike, whatever they match. */
export const actAlike = (one: VirtualServiceHttp, other: VirtualServiceHttp): boolean => {
  const actionOf = ({ match: _match, name: _name, ...action }: VirtualServiceHttp): object => action;
  return sameContent(actionOf(one), actionOf(other));
};
