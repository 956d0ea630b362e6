import type { Resource } from '../../model/resource.ts';
import type { ServiceEntry, ServiceEntrySpec } from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';
import { reviewExportTo, reviewLabels, reviewWorkloadSelector } from './selection.ts';
import {
  isDnsLabel,
  isIpAddress,
  isPartialWildcard,
  isPort,
  isSubnet,
  protocolFamily,
  refuseFqdn,
  refuseWildcardDomain,
} from './text-rules.ts';
import { reviewEndpoint, reviewEndpointPorts } from './workload.ts';

export const reviewServiceEntry = (resource: Resource<ServiceEntry>, review: Review): void => {
  const spec = resource.object.spec;
  if (!reviewWorkloadSelector(spec.workloadSelector, review)) return;
  if (spec.workloadSelector !== undefined && spec.endpoints !== undefined) {
    review.refuse('workloadSelector and endpoints exclude each other', [spec, 'endpoints', 'key']);
  }
  reviewHosts(spec, review);
  const { addresses = [] } = spec;
  addresses.forEach((address, index) => {
    if (!isSubnet(address)) review.refuse(`"${address}" is neither an address nor a block`, [addresses, index]);
  });
  const block = addresses.findIndex((address) => address.includes('/'));
  const resolution = spec.resolution ?? 'NONE';
  if (block >= 0 && resolution !== 'NONE' && resolution !== 'STATIC') {
    review.refuse(`address blocks work with resolution NONE or STATIC, not ${resolution}`, [addresses, block]);
  }
  reviewPorts(resource, review);
  reviewResolution(resource, review);
  const hasOneHostPort = (spec.ports ?? []).find(
    ({ protocol = '' }) => (protocolFamily(protocol) ?? 'other') === 'other',
  );
  if (resolution !== 'NONE' && spec.hosts.length > 1 && hasOneHostPort !== undefined) {
    const message = 'several hosts can share a port of an HTTP or TLS protocol only';
    review.refuse(message, [hasOneHostPort, 'protocol']);
  }
  reviewExportTo(resource, spec.exportTo, review, { mayBeNone: true });
};

const reviewHosts = (spec: ServiceEntrySpec, review: Review): void => {
  const { hosts = [], resolution } = spec;
  if (hosts.length === 0) review.refuse('a ServiceEntry needs at least one host', [spec, 'hosts', 'key']);
  hosts.forEach((host, index) => {
    const refusal = host === '*' ? 'would be every host' : refuseWildcardDomain(host);
    if (refusal !== undefined) review.refuse(`host "${host}" ${refusal}`, [hosts, index]);
    if (host !== '*' && resolution !== 'DYNAMIC_DNS' && isPartialWildcard(host)) {
      review.warn(`host "${host}": a wildcard must be a whole label`, [hosts, index]);
    }
  });
};

/** Whether istiod gives hosts without addresses one of its own, which the connections to a TCP port can be told by. */
const hasAllocatedAddress = ({ labels, object }: Resource<ServiceEntry>): boolean => {
  const { resolution = 'NONE', addresses = [] } = object.spec;
  const isOff = labels['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() === 'false';
  return resolution !== 'NONE' && !isOff && addresses.length === 0;
};

const reviewPorts = (resource: Resource<ServiceEntry>, review: Review): void => {
  const { ports = [], addresses = [] } = resource.object.spec;
  const isCapturing = addresses.length === 0 && !hasAllocatedAddress(resource);
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const port of ports) {
    const { name, number, protocol = '', targetPort = 0 } = port;
    if (names.has(name)) review.refuse(`port name ${name} is used twice`, [port, 'name']);
    if (numbers.has(number)) review.refuse(`port ${number} is listed twice`, [port, 'number']);
    names.add(name);
    numbers.add(number);
    if (targetPort !== 0 && !isPort(targetPort)) {
      review.refuse(`targetPort ${targetPort} is not from 1 to 65535`, [port, 'targetPort']);
    }
    // Istio compares the text, so that "tcp" draws no warning.
    if (isCapturing && (protocol === '' || protocol === 'TCP')) {
      const message = 'a TCP port needs addresses: without them every connection to the port is captured';
      review.warn(message, [port, protocol === '' ? 'number' : 'protocol']);
    }
    if (!isDnsLabel(name)) review.refuse(`port name "${name}" is no DNS label`, [port, 'name']);
    if (protocol !== '' && protocolFamily(protocol) === undefined) {
      review.refuse(`protocol "${protocol}" is not one of Istio's`, [port, 'protocol']);
    }
    if (!isPort(number)) review.refuse(`port number ${number} is not from 1 to 65535`, [port, 'number']);
  }
};

const reviewResolution = (resource: Resource<ServiceEntry>, review: Review): void => {
  const spec = resource.object.spec;
  switch (spec.resolution ?? 'NONE') {
    case 'NONE':
      if ((spec.endpoints ?? []).length > 0) {
        review.refuse('resolution NONE cannot have endpoints', [spec, 'endpoints', 'key']);
      }
      if (spec.workloadSelector !== undefined) {
        review.warn('a workloadSelector has no effect with resolution NONE', [spec, 'workloadSelector', 'key']);
      }
      return;
    case 'STATIC':
      for (const endpoint of spec.endpoints ?? []) {
        reviewEndpoint(endpoint, review, { servicePorts: portNames(spec), mustBeAddress: true });
      }
      return;
    case 'DYNAMIC_DNS':
      reviewDynamicDns(resource, review);
      return;
    default:
      reviewDns(spec, review);
  }
};

const portNames = (spec: ServiceEntrySpec): ReadonlySet<string> => new Set((spec.ports ?? []).map(({ name }) => name));

const reviewDns = (spec: ServiceEntrySpec, review: Review): void => {
  const { endpoints = [], hosts, ports = [], resolution = '' } = spec;
  const wild = hosts.findIndex((host) => refuseFqdn(host) !== undefined);
  if (endpoints.length === 0 && wild >= 0) {
    const hint = 'add endpoints whose names can be resolved, or use resolution DYNAMIC_DNS';
    review.refuse(`host "${hosts[wild]}" cannot be resolved with ${resolution}`, [hosts, wild], hint);
  }
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
    review.refuse('resolution DNS_ROUND_ROBIN can have one endpoint', [endpoints, 1]);
  }
  for (const endpoint of endpoints) {
    const { address = '' } = endpoint;
    if (!isIpAddress(address) && refuseFqdn(address) !== undefined) {
      review.refuse(`endpoint address "${address}" is neither an address nor a DNS name`, [endpoint, 'address']);
    }
    reviewLabels(endpoint.labels, review);
    reviewEndpointPorts(endpoint, portNames(spec), review);
  }
  const tcp = ports.find(
    ({ protocol = '' }) => ['other', 'tls'].includes(protocolFamily(protocol) ?? '') && !/^udp$/i.test(protocol),
  );
  if ((spec.addresses ?? []).length > 0 && hosts.length > 1 && tcp !== undefined) {
    review.warn('several hosts share addresses and a TCP port: connections cannot be told apart', [tcp, 'protocol']);
  }
};

const DYNAMIC_PROTOCOLS: ReadonlySet<string> = new Set(['http', 'tls', 'grpc', 'http2']);

const reviewDynamicDns = ({ object, labels }: Resource<ServiceEntry>, review: Review): void => {
  const spec = object.spec;
  spec.hosts.forEach((host, index) => {
    if (!host.startsWith('*'))
      review.refuse(`host "${host}" is no wildcard, which DYNAMIC_DNS needs`, [spec.hosts, index]);
  });
  for (const key of ['addresses', 'endpoints'] as const) {
    if ((spec[key] ?? []).length === 0) continue;
    review.refuse(`DYNAMIC_DNS cannot have ${key}: hosts are resolved as requests name them`, [spec, key, 'key']);
  }
  for (const port of spec.ports ?? []) {
    if (DYNAMIC_PROTOCOLS.has((port.protocol ?? '').toLowerCase())) continue;
    review.refuse('DYNAMIC_DNS works with protocols HTTP, HTTP2, GRPC and TLS', [port, 'protocol']);
  }
  const waypoint = labels['istio.io/use-waypoint'] ?? '';
  if (spec.location === 'MESH_INTERNAL' && waypoint !== '' && waypoint.toLowerCase() !== 'none') {
    review.refuse('DYNAMIC_DNS with location MESH_INTERNAL does not work with a waypoint', [spec, 'location']);
  }
};
