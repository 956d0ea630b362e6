import type { Resource } from '../../model/resource.ts';
import type { Gateway, GatewayServer, GatewayServerTls } from '../../model/schema/generated/types-istio.ts';
import type { Report } from './report.ts';

/** A valid Gateway, or a listener of the Gateway API's, and those of its servers that local mode can serve. */
export interface GatewayPlan {
  readonly resource: Resource;
  /** `NAMESPACE/NAME`, by which routes are bound to it. */
  readonly name: string;
  /** Labels of the pods that serve it, or the hosts of the Services whose pods do. */
  readonly pods: { readonly labels: Readonly<Record<string, string>> } | { readonly services: readonly string[] };
  readonly servers: readonly GatewayServer[];
}

/** One server of a gateway at a port of its pod. */
export interface BoundServer {
  readonly resource: Resource;
  /** Of the gateway: `NAMESPACE/NAME`. */
  readonly gateway: string;
  readonly server: GatewayServer;
}

const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);
/** Also with `tls.httpsRedirect`, which is all that TLS settings mean there. */
export const isCleartextHttp = ({ port }: GatewayServer): boolean => HTTP_PROTOCOLS.has(port.protocol.toUpperCase());

const CONNECTION_PROTOCOLS: ReadonlySet<string> = new Set(['HTTPS', 'TLS', 'TCP', 'MONGO', 'MYSQL', 'REDIS']);

/** `NAMESPACE/` or `./` or `*` + `/`, then a name whose first label alone may be a star. */
const SERVER_HOST =
  /^((\*|\.|~|[a-z0-9]([-a-z0-9]*[a-z0-9])?)\/)?(\*|(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?)$/i;

/** Reports what Istio's admission refuses and which servers stay closed; empty for an invalid Gateway. */
export const planGateway = (resource: Resource<Gateway>, report: Report): readonly GatewayPlan[] => {
  const spec = resource.object.spec;
  const servers = (spec?.servers ?? []).filter((server) => checkServer(resource, server, report));
  if ((spec?.servers ?? []).length === 0) report.invalid(resource, 'a Gateway needs at least one server');
  const pods = { labels: spec?.selector ?? {} };
  return report.isInvalid(resource)
    ? []
    : [{ resource, name: `${resource.namespace}/${resource.name}`, pods, servers }];
};

/** Whether the server can be served. */
const checkServer = (resource: Resource<Gateway>, server: GatewayServer, report: Report): boolean => {
  const protocol = server.port.protocol.toUpperCase();
  if ((server.hosts ?? []).length === 0) report.invalid(resource, 'a server needs at least one host', [server]);
  for (const [index, host] of (server.hosts ?? []).entries()) {
    if (!SERVER_HOST.test(host)) report.invalid(resource, `host "${host}" is not a name`, [server.hosts, index]);
  }
  if (server.bind !== undefined) {
    report.unsupportedField(resource, 'server.bind', 'the gateway listens where local mode puts it', [server, 'bind']);
  }
  if (server.defaultEndpoint !== undefined) {
    report.unsupportedField(resource, 'server.defaultEndpoint', 'it receives nothing', [server, 'defaultEndpoint']);
  }
  if (isCleartextHttp(server)) return true;
  const effect = `port ${server.port.number} stays closed`;
  if (protocol === 'UDP') {
    report.unsupportedField(resource, 'a server of protocol UDP', effect, [server.port, 'protocol']);
    return false;
  }
  if (!CONNECTION_PROTOCOLS.has(protocol)) {
    report.invalid(resource, `protocol "${server.port.protocol}" is not one of Istio's`, [server.port, 'protocol']);
    return false;
  }
  return checkTls(resource, server, report, effect);
};

const checkTls = (resource: Resource, server: GatewayServer, report: Report, effect: string): boolean => {
  const { tls } = server;
  const protocol = server.port.protocol.toUpperCase();
  if (tls === undefined) {
    if (protocol !== 'HTTPS' && protocol !== 'TLS') return true;
    report.invalid(resource, `a server of protocol ${protocol} needs tls settings`, [server]);
    return false;
  }
  if (tls.httpsRedirect === true) {
    report.invalid(resource, 'httpsRedirect is for servers of protocol HTTP', [tls, 'httpsRedirect']);
  }
  if (tls.mode === 'AUTO_PASSTHROUGH') {
    report.unsupportedField(resource, 'tls.mode AUTO_PASSTHROUGH', effect, [tls, 'mode']);
    return false;
  }
  const isNamed = tls.credentialName !== undefined || (tls.credentialNames ?? []).length > 0;
  if (tls.mode === 'ISTIO_MUTUAL') {
    if (isNamed || tls.serverCertificate !== undefined || tls.privateKey !== undefined) {
      report.invalid(resource, 'tls mode ISTIO_MUTUAL has the certificate of the workload and no other', [tls]);
    }
  } else if (tls.mode !== 'PASSTHROUGH') checkCertificates(resource, tls, isNamed, report);
  warnOfUnused(resource, tls, report);
  return true;
};

const checkCertificates = (resource: Resource, tls: GatewayServerTls, isNamed: boolean, report: Report): void => {
  const hasFiles = tls.serverCertificate !== undefined && tls.privateKey !== undefined;
  if (!isNamed && !hasFiles && (tls.tlsCertificates ?? []).length === 0) {
    report.invalid(resource, `tls mode ${tls.mode ?? 'SIMPLE'} needs a server certificate`, [tls]);
  } else if (!isNamed && tls.mode?.endsWith('MUTUAL') === true && tls.caCertificates === undefined) {
    report.invalid(resource, `tls mode ${tls.mode} needs the authorities of clients`, [tls]);
  }
};

const warnOfUnused = (resource: Resource, tls: GatewayServerTls, report: Report): void => {
  for (const field of ['caCrl', 'verifyCertificateHash', 'verifyCertificateSpki'] as const) {
    if (tls[field] === undefined) continue;
    report.unsupportedField(resource, `tls.${field}`, 'certificates of clients are not held against it', [tls, field]);
  }
};
