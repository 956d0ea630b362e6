import { isClusterBefore } from './cluster-name.ts';
import { untyped } from './config-dump.ts';
import { sortLikeGo } from './go-sort.ts';
import { at, isObject, type JsonObject, listAt, numberAt, textAt } from './json.ts';
import type { SummaryTable } from './table.ts';

/** Which endpoints to show: equal, case of texts aside. An empty text or 0 filters nothing. */
export interface EndpointFilter {
  readonly address: string;
  readonly port: number;
  readonly cluster: string;
  /** Envoy's health status, such as `healthy`. */
  readonly status: string;
}

export const isSameText = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

const internalAddress = (address: unknown): string | undefined => {
  const internal = at(address, 'envoy_internal_address');
  if (at(internal, 'server_listener_name') === undefined) return undefined;
  return `envoy://${textAt(internal, 'server_listener_name')}/${textAt(internal, 'endpoint_id')}`;
};

/** An address that is no socket: a pipe with its prefix, an internal listener, or `unknown`. */
export const describeOddAddress = (address: unknown, pipePrefix: string): string => {
  const pipe = at(address, 'pipe');
  return pipe === undefined ? (internalAddress(address) ?? 'unknown') : pipePrefix + textAt(pipe, 'path');
};

const describeAddress = (address: unknown): string => {
  const socket = at(address, 'socket_address');
  if (socket === undefined) return describeOddAddress(address, '');
  return `${textAt(socket, 'address')}:${numberAt(socket, 'port_value')}`;
};

const addressesOf = (endpoint: unknown): readonly string[] => [
  describeAddress(at(endpoint, 'endpoint', 'address')),
  ...listAt(endpoint, 'endpoint', 'additional_addresses').map((item) => describeAddress(at(item, 'address'))),
];

const statusOf = (endpoint: unknown): string => textAt(endpoint, 'health_status') || 'UNKNOWN';

const matches = (endpoint: unknown, cluster: string, filter: EndpointFilter): boolean =>
  (filter.address === '' || addressesOf(endpoint).some((address) => isSameText(address, filter.address))) &&
  (filter.port === 0 || numberAt(endpoint, 'endpoint', 'address', 'socket_address', 'port_value') === filter.port) &&
  (filter.cluster === '' || isSameText(cluster, filter.cluster)) &&
  (filter.status === '' || isSameText(statusOf(endpoint), filter.status));

/** A cluster's assignment with the endpoints that match alone; undefined where none does. */
const narrow = (assignment: JsonObject, filter: EndpointFilter): JsonObject | undefined => {
  const cluster = textAt(assignment, 'cluster_name');
  let count = 0;
  const endpoints = listAt(assignment, 'endpoints')
    .filter(isObject)
    .map((locality) => {
      const kept = listAt(locality, 'lb_endpoints').filter((endpoint) => matches(endpoint, cluster, filter));
      count += kept.length;
      const { lb_endpoints: _, lbEndpoints: __, ...rest } = locality;
      return kept.length === 0 ? rest : { ...rest, lb_endpoints: kept };
    });
  return count === 0 ? undefined : { ...untyped(assignment), endpoints };
};

/** The assignments of an EndpointsConfigDump with an endpoint that matches, in istioctl's order. */
export const assignmentsOf = (section: JsonObject, filter: EndpointFilter): readonly JsonObject[] => {
  const found = [...listAt(section, 'dynamic_endpoint_configs'), ...listAt(section, 'static_endpoint_configs')]
    .map((item) => at(item, 'endpoint_config'))
    .filter(isObject)
    .map((assignment) => narrow(assignment, filter))
    .filter((assignment) => assignment !== undefined);
  return sortLikeGo(found, (left, right) =>
    isClusterBefore(textAt(left, 'cluster_name'), textAt(right, 'cluster_name')),
  );
};

const localityOf = (group: unknown): string => {
  const parts = ['region', 'zone', 'sub_zone'].map((part) => textAt(group, 'locality', part));
  const end = parts.indexOf('', 1);
  return parts.slice(0, end < 0 ? parts.length : end).join('/');
};

/** One row an endpoint; `named` puts the kind before the address. */
export const endpointTable = (assignments: readonly JsonObject[], named: boolean): SummaryTable => ({
  headers: ['NAME', 'STATUS', 'LOCALITY', 'CLUSTER'],
  rows: assignments.flatMap((assignment) =>
    listAt(assignment, 'endpoints').flatMap((group) =>
      listAt(group, 'lb_endpoints').map((endpoint) => [
        (named ? 'endpoint/' : '') + addressesOf(endpoint).join(','),
        statusOf(endpoint),
        localityOf(group),
        textAt(assignment, 'cluster_name'),
      ]),
    ),
  ),
  gap: 5,
});
