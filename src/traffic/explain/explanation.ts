/** What explaining one request answers; `result`, `steps` and `flips` are printed as they are by `-o json`. */
import type { Origin, Route, WeightedDestination } from '../tables.ts';
import type { TravellingRequest } from './request-headers.ts';

/** A request as a person asks about it: what the client would write, and where it would send it. */
export interface AskedRequest {
  readonly method: string;
  /** The Host header, port included where it is written. */
  readonly authority: string;
  /** Path and query as sent, before any normalization. */
  readonly path: string;
  /** Names in lower case; one entry a line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly isTls: boolean;
  /** `WORKLOAD`, `NAMESPACE/WORKLOAD`, `NAMESPACE/SERVICE-ACCOUNT`, or `outside`: a client without sidecar. */
  readonly from: string | undefined;
  /** The address of a client outside of the mesh, where a policy asks; one of no pod unless given. */
  readonly fromAddress?: string | undefined;
  /** Workload of a gateway, or name of a Gateway: the request comes to it from outside of the mesh. */
  readonly gateway: string | undefined;
  /** The port connected to; otherwise the one in `authority`, otherwise the scheme's. */
  readonly port: number | undefined;
  /** Overrides the address, not the Host header: `pod:[NAMESPACE/]NAME[:PORT]`, `IP[:PORT]` or `HOST[:PORT]`. */
  readonly dial: string | undefined;
}

export interface Explanation {
  readonly result: Result;
  readonly steps: readonly Step[];
  /** What of the tables decided, in the order of the steps; never printed. */
  readonly met: readonly Met[];
}

/** An entry of a proxy's tables that held for a request. */
export type Met =
  | { readonly kind: 'route'; readonly route: Route }
  | {
      readonly kind: 'destination';
      readonly destination: WeightedDestination;
      /** 0..1 of all requests like this one. */
      readonly share: number;
      /** The request as it leaves for there. */
      readonly sent: TravellingRequest;
    }
  /** A rule of a policy, or the whole policy where none of its rules matched and that denied. */
  | { readonly kind: 'policy'; readonly origin: Origin };

/** Who answers, and what; of several possible outcomes the most probable one. */
export interface Result {
  /** The mesh's own answer, or 200 assumed of the application; null when the connection fails instead. */
  readonly status: number | null;
  /** Envoy's response flags at the first proxy of the request, `-` for none. */
  readonly flags: string;
  /** Envoy's name of the cluster at the first proxy of the request. */
  readonly cluster: string | null;
  /** What the application receives; null when none does. */
  readonly host: string | null;
  readonly path: string | null;
  /** Every workload that may answer with its share of all requests like this one. */
  readonly workloads: readonly WorkloadShare[];
  /** The Location of a redirect. */
  readonly redirect: string | null;
  /** The policy that denied, and its line. */
  readonly policy: string | null;
  /** Present for callers that speak gRPC when the mesh answers. */
  readonly grpcStatus?: number;
  /** How the connection fails. */
  readonly error?: string;
  /** Present where the answer is another one unless this holds, which only a running mesh can tell: `provider a allows`. */
  readonly assumed?: readonly string[];
  /** Present when chance decides between different outcomes; probabilities add up to 1. */
  readonly outcomes?: readonly Outcome[];
}

export interface WorkloadShare {
  readonly name: string;
  readonly version: string;
  /** 0..1. */
  readonly share: number;
}

export interface Outcome {
  readonly probability: number;
  readonly status: number | null;
  readonly flags: string;
  readonly cluster: string | null;
  readonly because: string;
}

/** One decision on the way of a request. */
export interface Step {
  readonly stage: Stage;
  readonly decision: string;
  /** `FILE:LINE`; absent for what Istio adds by itself. */
  readonly source?: string;
  /** What was asked before and did not hold. */
  readonly tried?: readonly Tried[];
}

/** A step, and the entries of the tables it tells of. */
export interface TracedStep extends Step {
  readonly met?: readonly Met[];
  /** What this step takes for granted, which only a running mesh can tell. */
  readonly assumes?: string;
}

type Stage =
  | 'client'
  | 'gateway'
  | 'listener'
  | 'path'
  | 'virtual host'
  | 'route'
  | 'fault'
  | 'cors'
  | 'redirect'
  | 'respond'
  | 'rewrite'
  | 'headers'
  | 'destination'
  | 'timeout'
  | 'retry'
  | 'mirror'
  | 'mtls'
  | 'token'
  | 'authorization'
  | 'rate limit'
  | 'server'
  | 'application';

export interface Tried {
  readonly rule: string;
  readonly source?: string;
  /** The first condition that does not hold. */
  readonly failed: string;
}

/** A question that cannot be answered as it is asked. */
export interface Unanswerable {
  readonly code: 'UNKNOWN_HOST' | 'UNKNOWN_WORKLOAD' | 'UNKNOWN_GATEWAY' | 'AMBIGUOUS_CLIENT' | 'AMBIGUOUS_GATEWAY';
  readonly message: string;
  readonly hint: string;
}

/** Ends one of several ways a request can go. */
export interface Branch {
  /** 0..1. */
  readonly probability: number;
  readonly status: number | null;
  readonly flags: string;
  readonly cluster: string | null;
  readonly because: string;
  readonly received?: {
    readonly host: string;
    readonly path: string;
    readonly workload: string;
    readonly version: string;
  };
  readonly redirect?: string;
  readonly policy?: string;
  readonly error?: string;
  readonly grpcStatus?: number;
}
