import type { Resource } from '../../model/resource.ts';
import type {
  WorkloadEntry,
  WorkloadEntrySpec,
  WorkloadGroup,
  WorkloadGroupProbe,
} from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';
import { reviewLabels } from './selection.ts';
import { isDnsLabel, isIpAddress, isPort, refuseFqdn, refuseUnixAddress } from './text-rules.ts';

const UNIX = 'unix://';

export const reviewWorkloadEntry = (resource: Resource<WorkloadEntry>, review: Review): void => {
  reviewEndpoint(resource.object.spec, review, { servicePorts: undefined, mustBeAddress: false });
};

interface EndpointOptions {
  /** Port names of the ServiceEntry the endpoint belongs to. */
  readonly servicePorts: ReadonlySet<string> | undefined;
  /** Whether a DNS name will not do. */
  readonly mustBeAddress: boolean;
}

/** A WorkloadEntry, or an endpoint of a ServiceEntry, which has the same fields. */
export const reviewEndpoint = (endpoint: WorkloadEntrySpec, review: Review, options: EndpointOptions): void => {
  const { address = '', network = '' } = endpoint;
  const { servicePorts, mustBeAddress } = options;
  if (address === '') {
    if (network === '') {
      review.refuse('an endpoint needs an address', [endpoint]);
      return;
    }
    review.warn(`the endpoint has no address: it is reached through the gateways of network ${network}`, [
      endpoint,
      'network',
    ]);
  }
  const isUnix = address.startsWith(UNIX);
  if (isUnix) {
    const refusal = refuseUnixAddress(address.slice(UNIX.length));
    if (refusal !== undefined) review.refuse(`address "${address}" ${refusal}`, [endpoint, 'address']);
    if (Object.keys(endpoint.ports ?? {}).length > 0) {
      review.refuse('an endpoint on a socket has no ports', [endpoint, 'ports', 'key']);
    }
  } else if (address !== '' && !isIpAddress(address)) {
    if (mustBeAddress) {
      const hint = 'use resolution DNS for endpoints with names';
      review.refuse(
        `address "${address}" is no IP address, which resolution STATIC needs`,
        [endpoint, 'address'],
        hint,
      );
    } else if (refuseFqdn(address) !== undefined) {
      review.refuse(`address "${address}" is neither an IP address nor a DNS name`, [endpoint, 'address']);
    }
  }
  reviewEndpointPorts(endpoint, servicePorts, review);
  reviewLabels(endpoint.labels, review);
  if (isUnix && servicePorts !== undefined && servicePorts.size !== 1) {
    review.refuse('a service with an endpoint on a socket has exactly one port', [endpoint, 'address']);
  }
};

export const reviewEndpointPorts = (
  { ports = {} }: WorkloadEntrySpec,
  servicePorts: ReadonlySet<string> | undefined,
  review: Review,
): void => {
  for (const [name, port] of Object.entries(ports)) {
    if (servicePorts !== undefined && !servicePorts.has(name)) {
      review.refuse(`port ${name} is not one of the ServiceEntry's`, [ports, name, 'key']);
    }
    if (!isDnsLabel(name)) review.refuse(`port name "${name}" is no DNS label`, [ports, name, 'key']);
    if (!isPort(port)) review.refuse(`port ${port} is not from 1 to 65535`, [ports, name]);
  }
};

/** The webhook stops at bad labels; the template's own fields are not looked at before there is an entry. */
export const reviewWorkloadGroup = (resource: Resource<WorkloadGroup>, review: Review): void => {
  const { metadata, probe } = resource.object.spec;
  const before = review.remarks.length;
  reviewLabels(metadata?.labels, review);
  if (probe !== undefined && review.remarks.length === before) reviewProbe(probe, resource.object.spec, review);
};

const PROBE_HEADER = /^[-A-Za-z0-9]+$/;

const reviewProbe = (probe: WorkloadGroupProbe, holder: object, review: Review): void => {
  const { exec, grpc, httpGet, tcpSocket } = probe;
  if (httpGet !== undefined) {
    for (const header of httpGet.httpHeaders ?? []) {
      const { name = '' } = header;
      if (!PROBE_HEADER.test(name)) review.refuse(`"${name}" is no header name for a probe`, [header, 'name']);
    }
  } else if (exec !== undefined) {
    if ((exec.command ?? []).length === 0) review.refuse('exec needs a command', [probe, 'exec', 'key']);
  } else if (tcpSocket === undefined) {
    // The webhook does not know grpc, which the schema has.
    const subject = grpc === undefined ? 'a probe needs' : 'a probe of grpc is not supported: use';
    review.refuse(`${subject} httpGet, tcpSocket or exec`, [holder, 'probe', 'key']);
  }
};
