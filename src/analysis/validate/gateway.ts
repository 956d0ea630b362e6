import type { Resource } from '../../model/resource.ts';
import type { Gateway, GatewayServer } from '../../model/schema/generated/types-istio.ts';
import type { At, Review } from './review.ts';
import { reviewServerTls } from './server-tls.ts';
import {
  isDnsLabel,
  isIpAddress,
  isPartialWildcard,
  isPort,
  protocolFamily,
  refuseUnixAddress,
  refuseWildcardDomain,
} from './text-rules.ts';

const UNIX = 'unix://';

export const reviewGateway = (resource: Resource<Gateway>, review: Review): void => {
  const spec = resource.object.spec;
  const servers = spec?.servers ?? [];
  if (!isDnsLabel(resource.name)) {
    review.refuse(`a Gateway's name must be a DNS label, not "${resource.name}"`, [resource.object.metadata, 'name']);
  }
  if (servers.length === 0) {
    review.refuse('a Gateway needs at least one server', [
      resource.object,
      spec === undefined ? undefined : 'spec',
      'key',
    ]);
  }
  const names = new Set<string>();
  for (const server of servers) {
    reviewServer(server, review);
    if (isMissing(server.port)) continue;
    const { name, protocol } = server.port;
    if (names.has(name)) review.refuse(`port name ${name} is used by two servers`, [server.port, 'name']);
    names.add(name);
    if (server.tls?.httpsRedirect === true && protocolFamily(protocol) !== 'http') {
      review.warn('httpsRedirect works on HTTP servers alone', [server.tls, 'httpsRedirect', 'key']);
    }
  }
};

/** A lenient reader gives a missing port the zero value of its fields. */
const isMissing = ({ name, number, protocol }: GatewayServer['port']): boolean =>
  name === '' && number === 0 && protocol === '';

const reviewServer = (server: GatewayServer, review: Review): void => {
  const { hosts = [], port, bind = '', tls } = server;
  if (hosts.length === 0) review.refuse('a server needs at least one host', [server]);
  hosts.forEach((host, index) => {
    reviewServerHost(host, [hosts, index], review);
  });
  reviewServerTls(server, tls, review);
  if (bind.startsWith(UNIX)) {
    const refusal = refuseUnixAddress(bind.slice(UNIX.length));
    if (refusal !== undefined) review.refuse(`bind "${bind}" ${refusal}`, [server, 'bind']);
    if (port.number !== 0) {
      review.refuse('a server on a socket has port number 0', [port, 'number']);
    }
  } else if (bind !== '' && !isIpAddress(bind)) review.refuse(`bind "${bind}" is no address`, [server, 'bind']);
  if (isMissing(port)) {
    review.refuse('a server needs a port', [server]);
    return;
  }
  const before = review.remarks.length;
  reviewServerPort(port, bind, review);
  if (review.remarks.length === before) reviewProtocol(server, review);
};

const reviewServerPort = (port: GatewayServer['port'], bind: string, review: Review): void => {
  if (protocolFamily(port.protocol) === undefined) {
    const hint = 'use HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, REDIS, MYSQL, TCP or TLS';
    review.refuse(`protocol "${port.protocol}" is not one of Istio's`, [port, 'protocol'], hint);
  }
  if (!(port.number === 0 && bind.startsWith(UNIX)) && !isPort(port.number)) {
    review.refuse(`port number ${port.number} is not from 1 to 65535`, [port, 'number']);
  }
  if ((port.targetPort ?? 0) > 0) {
    review.refuse('targetPort has no effect on a Gateway', [port, 'targetPort', 'key'], 'remove it');
  }
  if (port.name === '') review.refuse('a port needs a name', [port]);
};

const reviewProtocol = (server: GatewayServer, review: Review): void => {
  const { port, tls } = server;
  const family = protocolFamily(port.protocol);
  if (family === 'tls') {
    if (tls === undefined)
      review.refuse(`a server of protocol ${port.protocol} needs tls settings`, [port, 'protocol']);
    return;
  }
  if (tls === undefined) return;
  // httpsRedirect is the one TLS setting for a plain text port; its mode is then the default, PASSTHROUGH.
  const isPassthrough = (tls.mode ?? 'PASSTHROUGH') === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
  const hasFiles = (tls.caCertificates ?? tls.privateKey ?? tls.serverCertificate ?? '') !== '';
  if (family === 'http' && isPassthrough && !hasFiles) return;
  const hint = family === 'http' ? 'use protocol HTTPS, or only httpsRedirect' : 'use protocol TLS';
  review.refuse(`a server of protocol ${port.protocol} cannot have tls settings`, [server, 'tls', 'key'], hint);
};

/** `host`, or `namespace/host` where the namespace may be `*` or `.`. */
const reviewServerHost = (host: string, at: At, review: Review): void => {
  const slash = host.indexOf('/');
  const namespace = host.slice(0, Math.max(0, slash));
  const name = host.slice(slash + 1);
  if (slash >= 0 && (namespace === '' || name === '')) review.refuse(`host "${host}" lacks a namespace or a name`, at);
  else if (slash >= 0 && namespace !== '*' && namespace !== '.' && !isDnsLabel(namespace)) {
    review.refuse(`host "${host}": "${namespace}" is no namespace`, at);
  }
  if (name === '') return;
  if (name !== '*' && !name.includes('.')) {
    review.refuse(`host "${host}" is a short name`, at, 'a Gateway needs full names');
  }
  const refusal = refuseWildcardDomain(name);
  if (refusal !== undefined && !isIpAddress(name)) review.refuse(`host "${name}" ${refusal}`, at);
  else if (isPartialWildcard(name)) review.refuse(`host "${name}": a wildcard must be a whole label`, at);
};
