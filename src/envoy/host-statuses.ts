import { describeOddAddress, type EndpointFilter, isSameText } from './endpoints.ts';
import { sortLikeGo } from './go-sort.ts';
import { at, isObject, type JsonObject, listAt, numberAt, textAt } from './json.ts';
import type { SummaryTable } from './table.ts';

interface HostStatus {
  readonly address: string;
  readonly port: number;
  readonly cluster: string;
  readonly status: string;
  readonly failed: boolean;
}

const readHost = (host: unknown, cluster: string): HostStatus => {
  const address = at(host, 'address');
  const socket = at(address, 'socket_address');
  return {
    address: socket === undefined ? describeOddAddress(address, 'unix://') : textAt(socket, 'address'),
    port: numberAt(socket, 'port_value'),
    cluster,
    status: textAt(host, 'health_status', 'eds_health_status') || 'UNKNOWN',
    failed: at(host, 'health_status', 'failed_outlier_check') === true,
  };
};

const matches = (host: HostStatus, filter: EndpointFilter): boolean =>
  (filter.address === '' || isSameText(host.address, filter.address)) &&
  (filter.port === 0 || host.port === filter.port) &&
  (filter.cluster === '' || isSameText(host.cluster, filter.cluster)) &&
  (filter.status === '' || isSameText(host.status, filter.status));

const hostsOf = (cluster: unknown, filter: EndpointFilter): readonly HostStatus[] =>
  listAt(cluster, 'host_statuses')
    .map((host) => readHost(host, textAt(cluster, 'name')))
    .filter((host) => matches(host, filter));

/** The clusters of Envoy's answer to `/clusters?format=json` that have a host which matches, whole. */
export const clusterStatusesOf = (answer: unknown, filter: EndpointFilter): readonly JsonObject[] =>
  listAt(answer, 'cluster_statuses')
    .filter(isObject)
    .filter((cluster) => hostsOf(cluster, filter).length > 0);

const isBefore = (left: HostStatus, right: HostStatus): boolean => {
  if (left.address !== right.address) return left.address < right.address;
  return left.port === right.port ? left.cluster < right.cluster : left.port < right.port;
};

/** One row a host of a cluster, with what EDS and outlier detection say of it. */
export const hostTable = (answer: unknown, filter: EndpointFilter): SummaryTable => {
  const hosts = listAt(answer, 'cluster_statuses').flatMap((cluster) => hostsOf(cluster, filter));
  return {
    headers: ['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'],
    rows: sortLikeGo(hosts, isBefore).map(({ address, port, status, failed, cluster }) => [
      port === 0 ? address : `${address}:${port}`,
      status,
      failed ? 'FAILED' : 'OK',
      cluster,
    ]),
    gap: 5,
  };
};
