/** The stage of an exchange that asks for a token of the rate limits at its place. */

import { describeOrigin } from '../traffic/authorize.ts';
import type { HeaderChange } from '../traffic/authorizer.ts';
import { isSampled } from '../traffic/fault.ts';
import { expandOperators } from '../traffic/header-operators.ts';
import {
  type BucketLevels,
  describeRequest,
  type LimitDecision,
  limitFor,
  type RateLimit,
  type RateLimitFilter,
  type RateLimits,
  takeTokens,
} from '../traffic/rate-limit.ts';
import { operatorsOf } from './exchange-operators.ts';
import type { ExchangeView } from './exchange-view.ts';
import type { HeaderEditor } from './http1/header-editor.ts';
import { type LocalAnswer, rateLimited } from './local-answer.ts';
import type { Place } from './place.ts';
import { remoteAddressOf } from './remote-address.ts';

/** The exchange, as this stage knows it. */
interface Limited extends ExchangeView {
  readonly editor: HeaderEditor;
  deniedBy: string | undefined;
  responseChanges: readonly HeaderChange[] | undefined;
  answer(local: LocalAnswer): void;
}

/** Whether a limit answered the request: one of those before policies (`isFirst`), or of those after them. */
export const isLimited = (exchange: Limited, isFirst: boolean): boolean => {
  const { rateLimits } = exchange.tables;
  if (rateLimits === undefined) return false;
  for (const filter of rateLimits.filters) {
    if (filter.isFirst === isFirst && isAt(filter, exchange.place) && isRefused(exchange, rateLimits, filter))
      return true;
  }
  return false;
};

const isAt = ({ direction, port }: RateLimitFilter, place: Place): boolean =>
  direction === place.direction && (port === undefined || port === place.port);

const isRefused = (exchange: Limited, rateLimits: RateLimits, filter: RateLimitFilter): boolean => {
  const { state, place, route } = exchange;
  const limit = limitFor(rateLimits, filter, route);
  if (!isSampled(limit.enabledPercent, state.random())) return false;
  const described = describeRequest(limit, route && rateLimits.routes.get(route), factsOf(exchange));
  const levels = limit.isPerConnection ? levelsOf(place) : state.bucketLevels;
  const decision = takeTokens(limit, described, levels, scopeOf(place), state.clock.monotonicMs());
  const told = limit.tellsRemaining ? remainingOf(decision) : [];
  if (decision.isAllowed || !isSampled(limit.enforcedPercent, state.random())) {
    if (!decision.isAllowed)
      for (const change of expanded(limit.requestHeaders, exchange)) exchange.editor.change(change);
    addChanges(exchange, told);
    return false;
  }
  addChanges(exchange, [...expanded(limit.responseHeaders, exchange), ...told]);
  exchange.deniedBy = describeOrigin(limit.origin);
  exchange.answer(rateLimited(limit.status, limit.grpcStatus));
  return true;
};

const factsOf = (exchange: Limited): Parameters<typeof describeRequest>[2] => {
  const { place, downstream, editor, forwarded, tables, cluster, route } = exchange;
  const { request } = downstream;
  const { method, path, authority, scheme } = request;
  return {
    request: { method, path, authority, scheme, headerValues: (name) => editor.valuesOf(name) },
    remoteAddress: remoteAddressOf(place, request, forwarded, tables.authorization?.trustedProxies ?? 0),
    cluster: cluster?.name ?? (route?.action.kind === 'forward' ? route.action.destinations[0].cluster : ''),
  };
};

const ofConnections = new WeakMap<Place, BucketLevels>();

/** A place is one connection's. */
const levelsOf = (place: Place): BucketLevels => {
  const known = ofConnections.get(place);
  if (known !== undefined) return known;
  const levels: BucketLevels = new Map();
  ofConnections.set(place, levels);
  return levels;
};

/** Envoy has the filter once for each port, and on inbound ports once more for TLS. */
const scopeOf = ({ direction, port, tls }: Place): string =>
  `${direction} ${port}${direction === 'inbound' && tls !== undefined ? ' tls' : ''}`;

const remainingOf = ({ told }: LimitDecision): readonly HeaderChange[] =>
  told === undefined
    ? []
    : [
        { how: 'add', name: 'x-ratelimit-limit', value: String(told.limit) },
        { how: 'add', name: 'x-ratelimit-remaining', value: String(told.remaining) },
        { how: 'add', name: 'x-ratelimit-reset', value: String(told.resetSeconds) },
      ];

const expanded = (changes: RateLimit['responseHeaders'], exchange: Limited): readonly HeaderChange[] =>
  changes.map((change) =>
    change.value.includes('%') ? { ...change, value: expandOperators(change.value, operatorsOf(exchange)) } : change,
  );

const addChanges = (exchange: Limited, changes: readonly HeaderChange[]): void => {
  if (changes.length > 0) exchange.responseChanges = [...(exchange.responseChanges ?? []), ...changes];
};
