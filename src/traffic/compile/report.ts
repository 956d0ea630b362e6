import type { Problem } from '../../base/problem.ts';
import type { Span } from '../../base/span.ts';
import { type Resource, resourceId } from '../../model/resource.ts';
import { spanOf } from '../../yaml/located.ts';
import type { Origin } from '../tables.ts';

/** A place inside an object: the container, and the entry of it when one is to blame. */
export type At = readonly [container: object, key?: string | number];

const spanAt = (resource: Resource, at: At | undefined): Span =>
  (at === undefined ? undefined : spanOf(at[0], at[1])) ?? resource.span;

/** Where a table entry comes from. */
export const originOf = (resource: Resource, at?: At): Origin => ({
  resource: resourceId(resource),
  span: spanAt(resource, at),
});

/** Collects the problems of one compilation; each names its object and line. */
export class Report {
  readonly problems: Problem[] = [];
  readonly #invalid = new Set<Resource>();
  readonly #saidOnce = new Set<string>();

  /** The object breaks a rule of Istio's admission and is left out. */
  invalid(resource: Resource, message: string, at?: At): void {
    this.#invalid.add(resource);
    this.#add('error', 'INVALID_OBJECT', resource, `${message}; the whole object is left out`, at);
  }

  /** A field is accepted and has no effect; `effect` says what happens instead. */
  unsupportedField(resource: Resource, field: string, effect: string, at?: At): void {
    this.#add('warning', 'UNSUPPORTED_FIELD', resource, `${field} is not supported by local mode yet: ${effect}`, at);
  }

  unsupportedKind(resource: Resource, effect: string): void {
    this.#add('warning', 'UNSUPPORTED_KIND', resource, `${resource.kind} is not enforced by local mode yet: ${effect}`);
  }

  /** Valid, with an effect that the author may not expect. */
  warn(resource: Resource, code: string, message: string, at?: At): void {
    this.#add('warning', code, resource, message, at);
  }

  /** The same, for what several proxies would say alike. */
  warnOnce(resource: Resource, code: string, message: string, at?: At): void {
    const said = `${resourceId(resource)}: ${message}`;
    if (this.#saidOnce.has(said)) return;
    this.#saidOnce.add(said);
    this.warn(resource, code, message, at);
  }

  isInvalid(resource: Resource): boolean {
    return this.#invalid.has(resource);
  }

  #add(severity: Problem['severity'], code: string, resource: Resource, message: string, at?: At): void {
    this.problems.push({ severity, code, message, span: spanAt(resource, at), resource: resourceId(resource) });
  }
}
