import type { KubernetesObject, Resource } from '../../model/resource.ts';

/** Where a remark points: an entry of a container of the object, or the container itself. */
export type At = readonly [container: object, key?: string | number | undefined, part?: 'key' | 'value'];

/** One thing Istio's admission webhook has to say about an object. */
export interface Remark {
  /** A warning lets the object in; `unreachable` and `ineffective` are warnings about rules of a VirtualService. */
  readonly kind: 'refusal' | 'warning' | 'unreachable' | 'ineffective';
  /** One sentence without final period. */
  readonly message: string;
  readonly at: At;
  readonly hint?: string;
  /** What the codes for rules of a VirtualService want to know; empty for the other kinds of remarks. */
  readonly values: Readonly<Record<string, string>>;
}

/** Collects what the rules of one object's kind find, in their order. */
export class Review {
  readonly remarks: Remark[] = [];

  /** The webhook refuses the object. */
  readonly refuse = (message: string, at: At, hint?: string): void => {
    this.remarks.push({ kind: 'refusal', message, at, values: {}, ...(hint !== undefined && { hint }) });
  };

  /** The webhook lets the object in and warns. */
  readonly warn = (message: string, at: At): void => {
    this.remarks.push({ kind: 'warning', message, at, values: {} });
  };

  /** No request ever gets to the rule. */
  readonly unreachable = (rule: string, reason: string, at: At): void => {
    const message = `rule ${rule} is never reached: ${reason}`;
    this.remarks.push({ kind: 'unreachable', message, at, values: { rule, reason } });
  };

  /** Every request that the match would take was taken by an earlier rule. */
  readonly ineffective = (rule: string, match: string, earlier: string, at: At): void => {
    const message = `match ${match} of rule ${rule} adds nothing: rule ${earlier} already has it`;
    this.remarks.push({ kind: 'ineffective', message, at, values: { rule, match, earlier } });
  };
}

/** The rules of one kind: what the webhook checks beyond the schema, which has been checked before. */
export type Rules<T extends KubernetesObject> = (resource: Resource<T>, review: Review) => void;
