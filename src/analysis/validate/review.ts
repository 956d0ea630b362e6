import type { KubernetesObject, Resource } from '../../model/resource.ts';
import { removeEntry } from '../../yaml/edit.ts';
import type { Fix } from '../finding.ts';
import { offerFix } from '../offer-fix.ts';

/** Where a remark points: an entry of a container of the object, or the container itself. */
export type At = readonly [container: object, key?: string | number | undefined, part?: 'key' | 'value'];

/** An item of a list. */
type ItemAt = readonly [list: readonly unknown[], index: number];

// What repeats an earlier item adds nothing, so that a cluster does the same without it.
const removing = ([list, index]: ItemAt): Pick<Remark, 'fix'> =>
  offerFix('remove what is repeated', 'safe', [removeEntry(list, index)]);

/** One thing Istio's admission webhook has to say about an object. */
export interface Remark {
  /** A warning lets the object in; `unreachable` and `ineffective` are warnings about rules of a VirtualService. */
  readonly kind: 'refusal' | 'warning' | 'unreachable' | 'ineffective';
  /** One sentence without final period. */
  readonly message: string;
  readonly at: At;
  readonly hint?: string;
  readonly fix?: Fix;
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

  /** The webhook refuses the object for an entry that an earlier one of its list repeats. */
  readonly refuseRepeated = (message: string, at: ItemAt): void => {
    this.remarks.push({ kind: 'refusal', message, at, values: {}, ...removing(at) });
  };

  /** The webhook lets the object in and warns. */
  readonly warn = (message: string, at: At): void => {
    this.remarks.push({ kind: 'warning', message, at, values: {} });
  };

  /** The webhook warns of an entry that an earlier one of its list repeats. */
  readonly warnRepeated = (message: string, at: ItemAt): void => {
    this.remarks.push({ kind: 'warning', message, at, values: {}, ...removing(at) });
  };

  /** No request ever gets to the rule. */
  readonly unreachable = (rule: string, reason: string, at: At): void => {
    const message = `rule ${rule} is never reached: ${reason}`;
    this.remarks.push({ kind: 'unreachable', message, at, values: { rule, reason } });
  };

  /** Every request that the match would take was taken by an earlier rule; a match of a list is one it repeats. */
  readonly ineffective = (rule: string, match: string, earlier: string, at: At): void => {
    const message = `match ${match} of rule ${rule} adds nothing: rule ${earlier} already has it`;
    const [container, key] = at;
    const fix = Array.isArray(container) && typeof key === 'number' ? removing([container, key]) : {};
    this.remarks.push({ kind: 'ineffective', message, at, values: { rule, match, earlier }, ...fix });
  };
}

/** The rules of one kind: what the webhook checks beyond the schema, which has been checked before. */
export type Rules<T extends KubernetesObject> = (resource: Resource<T>, review: Review) => void;
