import { describeChainMatch, describeDestination, filterChainsOf, protocolOf } from './filter-chain.ts';
import { sortLikeGo } from './go-sort.ts';
import { at, isObject, type JsonObject, listAt, numberAt, textAt } from './json.ts';
import type { SummaryTable } from './table.ts';

/** Which listeners to show: equal, case aside. An empty text or 0 filters nothing. */
export interface ListenerFilter {
  readonly address: string;
  readonly port: number;
  /** `HTTP`, `TCP`, `HTTP+TCP` or `UNKNOWN`. */
  readonly type: string;
}

/** The listeners of a ListenersConfigDump: dynamic ones that are active, then static ones. */
export const listenersOf = (section: JsonObject): readonly JsonObject[] => [
  ...listAt(section, 'dynamic_listeners')
    .map((item) => at(item, 'active_state', 'listener'))
    .filter(isObject),
  ...listAt(section, 'static_listeners')
    .map((item) => at(item, 'listener'))
    .filter(isObject),
];

const portOf = (listener: JsonObject): number => numberAt(listener, 'address', 'socket_address', 'port_value');

const addressOf = (listener: JsonObject): string =>
  at(listener, 'address', 'socket_address') === undefined
    ? textAt(listener, 'address', 'pipe', 'path')
    : textAt(listener, 'address', 'socket_address', 'address');

const addressesOf = (listener: JsonObject): readonly string[] => [
  addressOf(listener),
  ...listAt(listener, 'additional_addresses').map((item) => textAt(item, 'address', 'socket_address', 'address')),
];

const typeOf = (listener: JsonObject): string => {
  const protocols = new Set(filterChainsOf(listener).flatMap((chain) => listAt(chain, 'filters').map(protocolOf)));
  if (protocols.has('http')) return protocols.has('tcp') ? 'HTTP+TCP' : 'HTTP';
  return protocols.has('tcp') ? 'TCP' : 'UNKNOWN';
};

const isSame = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

export const matchesListener = (listener: JsonObject, { address, port, type }: ListenerFilter): boolean =>
  (address === '' || addressesOf(listener).some((own) => isSame(own, address))) &&
  (port === 0 || portOf(listener) === port) &&
  (type === '' || isSame(typeOf(listener), type));

const isBefore = (left: JsonObject, right: JsonObject): boolean => {
  if (portOf(left) !== portOf(right)) return portOf(left) < portOf(right);
  if (addressOf(left) !== addressOf(right)) return addressOf(left) < addressOf(right);
  return typeOf(left) < typeOf(right);
};

const chainCells = (listener: JsonObject): readonly (readonly string[])[] => {
  const chains = filterChainsOf(listener).map((chain) => ({
    match: describeChainMatch(at(chain, 'filter_chain_match')),
    destination: describeDestination(chain),
  }));
  return sortLikeGo(chains, (left, right) => left.destination > right.destination).map((chain) => [
    chain.match,
    chain.destination,
  ]);
};

/** One row a filter chain, or one a listener where not `verbose`; `named` puts the listener's name in front. */
export const listenerTable = (
  listeners: readonly JsonObject[],
  { named, verbose }: { readonly named: boolean; readonly verbose: boolean },
): SummaryTable => ({
  headers: [...(named ? ['NAME'] : []), 'ADDRESSES', 'PORT', ...(verbose ? ['MATCH', 'DESTINATION'] : ['TYPE'])],
  rows: sortLikeGo(listeners, isBefore).flatMap((listener) => {
    const name = named ? [`listener/${textAt(listener, 'name')}`] : [];
    const left = [...name, addressesOf(listener).join(','), String(portOf(listener))];
    const rest = verbose ? chainCells(listener) : [[typeOf(listener)]];
    return rest.map((cells) => [...left, ...cells]);
  }),
  gap: 1,
});
