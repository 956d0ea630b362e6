import { decideCors } from '../cors.ts';
import { decideFault } from '../fault.ts';
import { redirectLocation } from '../redirect.ts';
import type { Route } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import type { Branch } from './explanation.ts';
import { forward, ownAnswer, type Sender } from './forward.ts';
import type { TravellingRequest } from './request-headers.ts';

/** Where a route would send a request; null for one that sends nothing on. */
export const firstCluster = (chosen: Route | undefined): string | null =>
  chosen?.action.kind === 'forward' ? chosen.action.destinations[0].cluster : null;

/** What a route does with a request: a fault, an answer of the proxy's own, or a way on. */
export const act = (sender: Sender, chosen: Route, request: TravellingRequest): readonly Branch[] => {
  const { action } = chosen;
  const { steps } = sender;
  const source = sourceOf(chosen.origin);
  const abort = action.fault?.abort;
  const delay = action.fault?.delay;
  if (delay !== undefined)
    steps.push({ stage: 'fault', decision: `${delay.percent} % are delayed by ${delay.ms} ms`, ...source });
  const certain = decideFault(action.fault, () => 0.999_999);
  const delayed = certain.delayMs > 0 ? 'DI' : '';
  const withDelay = (flags: string): string =>
    delayed === '' ? flags : flags === '-' ? delayed : `${delayed},${flags}`;
  const aborted = Math.min(1, (abort?.percent ?? 0) / 100);
  const ends: Branch[] = [];
  if (abort !== undefined && aborted > 0) {
    steps.push({ stage: 'fault', decision: `${abort.percent} % are aborted with ${abort.status}`, ...source });
    ends.push({
      probability: aborted,
      ...ownAnswer(request, abort.status, abort.grpcStatus),
      flags: withDelay('FI'),
      cluster: firstCluster(chosen),
      because: 'a fault rule aborts',
    });
  }
  if (aborted === 1) return ends;
  const rest = 1 - aborted;
  const own = (status: number, because: string, more: Partial<Branch> = {}): Branch => ({
    probability: rest,
    ...ownAnswer(request, status),
    flags: withDelay('-'),
    cluster: null,
    because,
    ...more,
  });
  if (action.kind === 'redirect') {
    const redirect = redirectLocation(action, request);
    steps.push({ stage: 'redirect', decision: `${action.code} to ${redirect}`, ...source });
    return [...ends, own(action.code, 'a redirect', { redirect })];
  }
  if (action.kind === 'respond') {
    steps.push({ stage: 'respond', decision: `${action.status} by the proxy itself`, ...source });
    return [...ends, own(action.status, 'a direct response')];
  }
  const cors = decideCors(action.cors, request);
  if (cors.kind !== 'none')
    steps.push({
      stage: 'cors',
      decision:
        cors.kind === 'preflight'
          ? 'the proxy answers the preflight'
          : 'headers for the origin are set on the response',
      ...source,
    });
  if (cors.kind === 'preflight')
    return [...ends, own(200, 'the preflight is answered', { cluster: firstCluster(chosen) })];
  const forwarded = forward(sender, chosen, action, request, rest);
  if (delayed === '') return [...ends, ...forwarded];
  return [...ends, ...forwarded.map((branch) => ({ ...branch, flags: withDelay(branch.flags) }))];
};
