import type { Resource } from '../../model/resource.ts';
import type {
  VirtualService,
  VirtualServiceSpec,
  VirtualServiceTcp,
  VirtualServiceTls,
} from '../../model/schema/generated/types-istio.ts';
import { hostCovers } from '../../traffic/compile/names.ts';
import { reviewWeights } from './destination.ts';
import { reviewGatewayNames } from './gateway-names.ts';
import { isRoutingClaim, reviewHttpRoute } from './http-route.ts';
import type { At, Review } from './review.ts';
import { reviewExportTo, reviewLabels } from './selection.ts';
import { findOverlaps, isIpAddress, isPort, isSubnet, refuseWildcardDomain } from './text-rules.ts';
import { reviewReachability } from './unreachable-rules.ts';

export const reviewVirtualService = (resource: Resource<VirtualService>, review: Review): void => {
  const spec: VirtualServiceSpec = resource.object.spec ?? {};
  const { gateways = [], hosts = [], http = [], tcp = [], tls = [] } = spec;
  const isDelegate = hosts.length === 0;
  if (isDelegate) {
    for (const key of ['gateways', 'tls', 'tcp'] as const) {
      if ((spec[key] ?? []).length === 0) continue;
      review.refuse(`a VirtualService without hosts is a delegate, which cannot have ${key}`, [spec, key, 'key']);
    }
  }
  reviewGatewayNames(gateways, review);
  const isForGateways = gateways.length > 0 && !gateways.includes('mesh');
  if (!isForGateways) reviewClaims(spec, review);
  reviewHosts(spec, isForGateways, review);
  if (http.length + tcp.length + tls.length === 0) {
    review.refuse('a VirtualService needs http, tls or tcp rules', [resource.object, 'spec', 'key']);
  }
  for (const route of http) reviewHttpRoute(route, isDelegate, review);
  for (const route of tls) reviewTlsRoute(route, spec, isForGateways, review);
  for (const route of tcp) reviewTcpRoute(route, review);
  reviewExportTo(resource, spec.exportTo, review);
  reviewReachability(spec, review);
};

const reviewClaims = ({ http = [] }: VirtualServiceSpec, review: Review): void => {
  for (const match of http.flatMap((route) => route.match ?? [])) {
    for (const headers of [match.headers ?? {}, match.withoutHeaders ?? {}]) {
      for (const name of Object.keys(headers).filter(isRoutingClaim)) {
        const message = `${name} matches a claim of a token, which works in gateways alone`;
        review.refuse(message, [headers, name, 'key'], 'bind the VirtualService to gateways, without mesh');
      }
    }
  }
};

/** The SNI of mutual TLS between gateways: `outbound_.PORT_._.HOST`. */
const AUTO_SNI = /^outbound_[^_]*[0-9][^_]*_[^_]*_[^_]*[a-zA-Z]/;

const refuseHost = (host: string, mayBeSni: boolean): string | undefined => {
  if (!mayBeSni || !host.startsWith('outbound_')) return refuseWildcardDomain(host);
  return AUTO_SNI.test(host) ? undefined : 'does not have the form outbound_.PORT_._.HOST';
};

const reviewHosts = (spec: VirtualServiceSpec, isForGateways: boolean, review: Review): void => {
  const { hosts = [], tls = [] } = spec;
  const before = review.remarks.length;
  const hasSni = tls.some(({ match = [] }) => match.some(({ sniHosts = [] }) => sniHosts.length > 0));
  hosts.forEach((host, index) => {
    const refusal = refuseHost(host, isForGateways && hasSni);
    if (refusal !== undefined && !isIpAddress(host)) review.refuse(`host "${host}" ${refusal}`, [hosts, index]);
    else if (host === '*' && !isForGateways) {
      review.refuse(
        'host "*" works in gateways alone',
        [hosts, index],
        'bind the VirtualService to gateways, without mesh',
      );
    }
  });
  if (review.remarks.length > before) return;
  for (const { first, second } of findOverlaps(hosts)) {
    const message = `hosts ${hosts[first]} and ${hosts[second]} overlap`;
    if (hosts[first] === hosts[second]) review.refuseRepeated(message, [hosts, second]);
    else review.refuse(message, [hosts, second]);
  }
};

interface Layer4Match {
  readonly destinationSubnets?: readonly string[];
  readonly gateways?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
}

const reviewLayer4Match = (match: Layer4Match, review: Review): void => {
  const { destinationSubnets = [], port = 0 } = match;
  destinationSubnets.forEach((subnet, index) => {
    if (!isSubnet(subnet)) review.refuse(`"${subnet}" is neither an address nor a block`, [destinationSubnets, index]);
  });
  if (port !== 0 && !isPort(port)) review.refuse(`port ${port} is not from 1 to 65535`, [match, 'port']);
  reviewLabels(match.sourceLabels, review);
  reviewGatewayNames(match.gateways ?? [], review);
};

const reviewTcpRoute = (rule: VirtualServiceTcp, review: Review): void => {
  for (const match of rule.match ?? []) reviewLayer4Match(match, review);
  if ((rule.route ?? []).length === 0) review.refuse('a tcp rule needs a route', [rule]);
  reviewWeights(rule.route ?? [], rule, review);
};

const reviewTlsRoute = (
  rule: VirtualServiceTls,
  spec: VirtualServiceSpec,
  isForGateways: boolean,
  review: Review,
): void => {
  for (const match of rule.match ?? []) {
    const { sniHosts = [] } = match;
    sniHosts.forEach((host, index) => {
      reviewSniHost(host, [sniHosts, index], spec, isForGateways, review);
    });
    reviewLayer4Match(match, review);
  }
  if ((rule.route ?? []).length === 0) review.refuse('a tls rule needs a route', [rule]);
  reviewWeights(rule.route ?? [], rule, review);
};

const reviewSniHost = (
  host: string,
  at: At,
  spec: VirtualServiceSpec,
  isForGateways: boolean,
  review: Review,
): void => {
  const refusal = refuseHost(host, isForGateways);
  if (refusal !== undefined && isIpAddress(host)) {
    review.warn(`SNI host ${host} is an address, which clients do not send`, at);
  } else if (refusal !== undefined) review.refuse(`SNI host "${host}" ${refusal}`, at);
  else if (!(spec.hosts ?? []).some((own) => hostCovers(own, host))) {
    review.refuse(`SNI host ${host} is under none of the hosts of the VirtualService`, at);
  }
};
