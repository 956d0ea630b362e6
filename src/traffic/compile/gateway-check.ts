import type { Resource } from '../../model/resource.ts';
import type { Gateway, GatewayServer } from '../../model/schema/generated/types-istio.ts';
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

const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);
const OTHER_PROTOCOLS: ReadonlySet<string> = new Set(['HTTPS', 'TLS', 'TCP', 'MONGO', 'MYSQL', 'REDIS', 'UDP']);

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
  if (HTTP_PROTOCOLS.has(protocol)) return true;
  if (!OTHER_PROTOCOLS.has(protocol)) {
    report.invalid(resource, `protocol "${server.port.protocol}" is not one of Istio's`, [server.port, 'protocol']);
  } else if ((protocol === 'HTTPS' || protocol === 'TLS') && server.tls === undefined) {
    report.invalid(resource, `a server of protocol ${protocol} needs tls settings`, [server]);
  } else {
    const effect = `port ${server.port.number} stays closed`;
    report.unsupportedField(resource, `a server of protocol ${protocol}`, effect, [server.port, 'protocol']);
  }
  return false;
};
