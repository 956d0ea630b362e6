import type { ApiRequest } from './request.ts';

/** Which requests a fault is for; every field that is given must fit. */
export interface FaultMatch {
  readonly verb?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly path?: RegExp;
  /** So many requests pass first. */
  readonly after?: number;
  /** So often; always where absent. */
  readonly times?: number;
}

/** What happens instead of the answer, or before it. */
export interface FakeFault {
  readonly delayMs?: number;
  /** The connection is cut. */
  readonly reset?: boolean;
  /** There is never an answer. */
  readonly hang?: boolean;
  readonly statusCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is instead of a Status. */
  readonly body?: string;
}

const fits = (match: FaultMatch, request: ApiRequest): boolean =>
  (match.verb === undefined || match.verb === request.verb) &&
  (match.resource === undefined || match.resource === request.resource) &&
  (match.name === undefined || match.name === request.name) &&
  (match.path === undefined || match.path.test(request.path));

/** The faults that are set, and how often each was used. */
export const createFaults = () => {
  const faults: { readonly match: FaultMatch; readonly fault: FakeFault; seen: number; used: number }[] = [];
  return {
    add: (match: FaultMatch, fault: FakeFault): void => void faults.push({ match, fault, seen: 0, used: 0 }),
    clear: (): void => {
      faults.length = 0;
    },
    /** What happens to this request; counts it. */
    next: (request: ApiRequest): FakeFault | undefined => {
      for (const entry of faults) {
        if (!fits(entry.match, request)) continue;
        entry.seen++;
        const { after = 0, times = Number.POSITIVE_INFINITY } = entry.match;
        if (entry.seen <= after || entry.used >= times) continue;
        entry.used++;
        return entry.fault;
      }
      return undefined;
    },
  };
};
