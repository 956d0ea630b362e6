import type { Resource } from '../../model/resource.ts';
import type {
  HeaderOperationsRequest,
  HeaderOperations as HeaderOperationsSpec,
} from '../../model/schema/generated/types-istio.ts';
import type { HeaderOperations } from '../tables.ts';
import type { Report } from './report.ts';

/** RFC 9110 5.6.2 token; pseudo-headers have a colon in front. */
const HEADER_NAME = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export interface CompiledHeaders {
  readonly request: HeaderOperations | undefined;
  readonly response: HeaderOperations | undefined;
  /** A `set` of Host: Istio turns it into a rewrite of the authority. */
  readonly authority: string | undefined;
}

const NONE: CompiledHeaders = { request: undefined, response: undefined, authority: undefined };

const isAuthority = (name: string): boolean => name === 'host' || name === ':authority';

/** Compiles `headers` of a rule or a destination; reports names that no header can have. */
export const compileHeaderOperations = (
  resource: Resource,
  headers: HeaderOperationsSpec | undefined,
  report: Report,
): CompiledHeaders => {
  if (headers === undefined) return NONE;
  let authority: string | undefined;
  for (const [name, value] of Object.entries(headers.request?.set ?? {})) {
    if (isAuthority(name.toLowerCase())) authority = value;
  }
  return {
    request: compileSide(resource, headers.request, report),
    response: compileSide(resource, headers.response, report),
    authority,
  };
};

const compileSide = (
  resource: Resource,
  side: HeaderOperationsRequest | undefined,
  report: Report,
): HeaderOperations | undefined => {
  if (side === undefined) return undefined;
  const pairs = (entries: Readonly<Record<string, string>> | undefined): (readonly [string, string])[] =>
    Object.entries(entries ?? {}).flatMap(([name, value]) => {
      if (!HEADER_NAME.test(name)) {
        // Istio's webhook lets it pass and Envoy then refuses the whole route table.
        const message = `header name "${name}" is not valid; this operation is left out`;
        report.warn(resource, 'INVALID_HEADER_NAME', message, [entries ?? {}, name]);
        return [];
      }
      const lower = name.toLowerCase();
      return isAuthority(lower) ? [] : [[lower, value] as const];
    });
  return {
    set: pairs(side.set),
    add: pairs(side.add),
    remove: (side.remove ?? []).map((name) => name.toLowerCase()).filter((name) => !isAuthority(name)),
  };
};

/** Both levels in one list, as Istio writes them for a rule with a single destination: there the destination's `set` wins. */
export const joinOperations = (
  route: HeaderOperations | undefined,
  destination: HeaderOperations | undefined,
): HeaderOperations | undefined => {
  if (route === undefined || destination === undefined) return route ?? destination;
  return {
    set: [...route.set, ...destination.set],
    add: [...route.add, ...destination.add],
    remove: [...route.remove, ...destination.remove],
  };
};
