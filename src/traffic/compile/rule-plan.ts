import type { Cidr } from '../../base/cidr.ts';
import type {
  CorsPolicy,
  FaultInjection,
  HeaderOperations,
  Origin,
  RetryPolicy,
  Rewrite,
  RouteAction,
  RouteMatch,
} from '../tables.ts';

/**
 * One `match` of one http rule, compiled as far as it does not depend on the proxy. Instantiating it for a proxy and a
 * port (instantiate.ts) only filters and names clusters.
 */
export interface RulePlan {
  /** As the access log prints it: `rule.match`. */
  readonly name: string;
  readonly match: RouteMatch;
  /** How Istio prints the path in x-envoy-decorator-operation: `/reviews*`. */
  readonly pathText: string;
  /** Matches every request: rules after it are unreachable. */
  readonly isCatchAll: boolean;
  readonly conditions: RuleConditions;
  readonly action: ActionPlan;
  readonly requestHeaders: HeaderOperations | undefined;
  readonly responseHeaders: HeaderOperations | undefined;
  readonly origin: Origin;
}

/** Conditions on the proxy and the listener instead of the request. */
export interface RuleConditions {
  readonly port: number | undefined;
  readonly sourceLabels: Readonly<Record<string, string>> | undefined;
  readonly sourceNamespace: string | undefined;
  /** Qualified; empty = no condition. They replace the source conditions, as in Istio. */
  readonly gateways: readonly string[];
}

/** Of a connection: all of them must hold; at gateways only port and gateways count, as in Istio. */
export interface ConnectionConditions extends RuleConditions {
  /** Empty = any address. */
  readonly destinations: readonly Cidr[];
}

export interface DestinationPlan {
  readonly host: string;
  readonly subset: string;
  /** Undefined: the listener's port. */
  readonly port: number | undefined;
  readonly weight: number;
  readonly requestHeaders: HeaderOperations | undefined;
  readonly responseHeaders: HeaderOperations | undefined;
  readonly authority: string | undefined;
  readonly origin: Origin;
}

type Redirect = Extract<RouteAction, { readonly kind: 'redirect' }>;

export type ActionPlan =
  | {
      readonly kind: 'forward';
      readonly destinations: readonly [DestinationPlan, ...DestinationPlan[]];
      /** More than one route was written, even if weights leave one. */
      readonly isWeighted: boolean;
      readonly rewrite: Rewrite | undefined;
      readonly timeoutMs: number;
      readonly retry: RetryPolicy | undefined;
      readonly mirrors: readonly { readonly destination: DestinationPlan; readonly percent: number }[];
      readonly fault: FaultInjection | undefined;
      readonly cors: CorsPolicy | undefined;
      readonly missingClusterStatus?: number;
    }
  | {
      readonly kind: 'redirect';
      readonly code: number;
      readonly scheme: string | undefined;
      readonly authority: string | undefined;
      readonly port: number | 'from-request' | undefined;
      readonly path: Redirect['path'];
      readonly fault: FaultInjection | undefined;
    }
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly body: string;
      readonly fault: FaultInjection | undefined;
    };
