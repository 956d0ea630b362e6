import type { Resource } from '../../model/resource.ts';
import type {
  Sidecar,
  SidecarEgress,
  SidecarEgressPort,
  SidecarIngress,
  SidecarSpec,
} from '../../model/schema/generated/types-istio.ts';
import { reviewConnectionPool } from './connection-policy.ts';
import { reviewDestination } from './destination.ts';
import type { At, Review } from './review.ts';
import { reviewWorkloadSelector } from './selection.ts';
import { reviewServerTls } from './server-tls.ts';
import {
  isDnsLabel,
  isIpAddress,
  isPartialWildcard,
  isPort,
  protocolFamily,
  refuseFqdn,
  refuseUnixAddress,
  refuseWildcardDomain,
} from './text-rules.ts';

const UNIX = 'unix://';

export const reviewSidecar = (resource: Resource<Sidecar>, review: Review): void => {
  const spec: SidecarSpec = resource.object.spec ?? {};
  if (!reviewWorkloadSelector(spec.workloadSelector, review)) return;
  const { egress = [], ingress = [], outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (
    egress.length + ingress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    inboundConnectionPool === undefined
  ) {
    const hint = 'add egress, ingress, outboundTrafficPolicy or inboundConnectionPool';
    review.refuse('the Sidecar configures nothing', [resource.object, 'spec', 'key'], hint);
    return;
  }
  const ingressPorts = new Set<number>();
  for (const listener of ingress) reviewIngress(listener, ingressPorts, review);
  reviewConnectionPool(spec, 'inboundConnectionPool', inboundConnectionPool, review);
  reviewEgress(egress, resource.namespace, review);
  reviewOutboundPolicy(spec, review);
};

const reviewPort = (port: SidecarEgressPort, bind: string, at: At, review: Review): void => {
  const { name = '', number = 0, protocol = '' } = port;
  if ((port.targetPort ?? 0) > 0) {
    review.refuse('targetPort has no effect on a Sidecar', [port, 'targetPort', 'key'], 'use defaultEndpoint');
  }
  if (name !== '' && !isDnsLabel(name)) review.refuse(`port name "${name}" is no DNS label`, [port, 'name']);
  if (protocol !== '' && protocolFamily(protocol) === undefined) {
    review.refuse(`protocol "${protocol}" is not one of Istio's`, [port, 'protocol']);
  }
  if (!isPort(number)) review.refuse(`port number ${number} is not from 1 to 65535`, [port, 'number']);
  if (bind !== '' && !isIpAddress(bind)) review.refuse(`bind "${bind}" is no address`, at);
};

const reviewIngress = (listener: SidecarIngress, taken: Set<number>, review: Review): void => {
  const { bind = '', connectionPool, port, tls } = listener;
  reviewPort(port, bind, [listener, 'bind'], review);
  const number = port.number ?? 0;
  if (taken.has(number)) review.refuse(`port ${number} has two ingress listeners`, [port, 'number']);
  taken.add(number);
  reviewDefaultEndpoint(listener, review);
  if (tls !== undefined) reviewIngressTls(listener, review);
  reviewConnectionPool(listener, 'connectionPool', connectionPool, review);
  if (connectionPool?.http !== undefined && protocolFamily(port.protocol ?? '') !== 'http') {
    review.warn('http settings of a connection pool have no effect on a port of another protocol', [
      connectionPool,
      'http',
      'key',
    ]);
  }
};

const LOCAL_HOSTS: ReadonlySet<string> = new Set(['', '127.0.0.1', '0.0.0.0', '::1', '::']);

const reviewDefaultEndpoint = (listener: SidecarIngress, review: Review): void => {
  const { defaultEndpoint = '' } = listener;
  const at: At = [listener, 'defaultEndpoint'];
  if (defaultEndpoint === '') return;
  if (defaultEndpoint.startsWith(UNIX)) {
    const refusal = refuseUnixAddress(defaultEndpoint.slice(UNIX.length));
    if (refusal !== undefined) review.refuse(`defaultEndpoint "${defaultEndpoint}" ${refusal}`, at);
    return;
  }
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(.*)$/s.exec(defaultEndpoint) ?? [];
  const isLocal = LOCAL_HOSTS.has(bracketed ?? plain);
  if (!isLocal || !/^[+-]?\d+$/.test(port) || !isPort(Number(port))) {
    const hint = 'write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH';
    review.refuse(`defaultEndpoint "${defaultEndpoint}" is no port of the workload itself`, at, hint);
  }
};

const reviewIngressTls = (listener: SidecarIngress, review: Review): void => {
  const { port, tls } = listener;
  if (tls === undefined) return;
  const unsupported = ['subjectAltNames', 'credentialName', 'credentialNames', 'tlsCertificates'] as const;
  for (const key of unsupported) {
    if ((tls[key] ?? '').length > 0) review.refuse(`TLS of a Sidecar knows no ${key}`, [tls, key, 'key']);
  }
  if (tls.httpsRedirect === true)
    review.refuse('TLS of a Sidecar knows no httpsRedirect', [tls, 'httpsRedirect', 'key']);
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    review.refuse(`TLS mode ${tls.mode} does not work in a Sidecar`, [tls, 'mode']);
  }
  if (protocolFamily(port.protocol ?? '') !== 'tls') {
    review.refuse('only a port of protocol HTTPS or TLS can have tls settings', [listener, 'tls', 'key']);
  }
  reviewServerTls(listener, tls, review);
};

const reviewEgress = (listeners: readonly SidecarEgress[], namespace: string, review: Review): void => {
  const ports = new Set<number>();
  const sockets = new Set<string>();
  listeners.forEach((listener, index) => {
    const { port, bind = '' } = listener;
    const number = port?.number ?? 0;
    if (port === undefined) {
      if (index < listeners.length - 1) {
        review.refuse('the egress listener without port takes what is left: it must be the last', [listener]);
      }
    } else if (number === 0) {
      reviewSocket(listener, port, review);
      if (sockets.has(bind)) review.refuse(`socket ${bind} has two egress listeners`, [listener, 'bind']);
      sockets.add(bind);
    } else {
      reviewPort(port, bind, [listener, 'bind'], review);
      if (ports.has(number)) review.refuse(`port ${number} has two egress listeners`, [port, 'number']);
      ports.add(number);
    }
    reviewEgressHosts(listener, namespace, review);
  });
};

/** An egress listener on a Unix socket: its port has number 0. */
const reviewSocket = (listener: SidecarEgress, port: SidecarEgressPort, review: Review): void => {
  const { bind = '', captureMode = 'DEFAULT' } = listener;
  if ((port.targetPort ?? 0) > 0) review.refuse('targetPort has no effect on a Sidecar', [port, 'targetPort', 'key']);
  if ((port.name ?? '') !== '' && !isDnsLabel(port.name ?? '')) {
    review.refuse(`port name "${port.name}" is no DNS label`, [port, 'name']);
  }
  if ((port.protocol ?? '') !== '' && protocolFamily(port.protocol ?? '') === undefined) {
    review.refuse(`protocol "${port.protocol}" is not one of Istio's`, [port, 'protocol']);
  }
  const refusal = bind.startsWith(UNIX)
    ? refuseUnixAddress(bind.slice(UNIX.length))
    : 'must be a unix:// socket with port 0';
  if (refusal !== undefined)
    review.refuse(`bind "${bind}" ${refusal}`, bind === '' ? [port, 'number'] : [listener, 'bind']);
  if (captureMode === 'IPTABLES') review.refuse('a socket cannot be captured by IPTABLES', [listener, 'captureMode']);
};

const reviewEgressHosts = (listener: SidecarEgress, namespace: string, review: Review): void => {
  const { hosts = [] } = listener;
  if (hosts.length === 0) review.refuse('an egress listener needs at least one host', [listener, 'hosts', 'key']);
  const byNamespace = new Map<string, Set<string>>();
  hosts.forEach((host, index) => {
    const at: At = [hosts, index];
    const slash = host.indexOf('/');
    const scope = host.slice(0, Math.max(0, slash));
    const name = host.slice(slash + 1);
    if (slash >= 0 && !scope.startsWith('~')) {
      const owner = scope === '.' ? namespace : scope;
      const known = byNamespace.get(owner) ?? new Set();
      const isRepeated = name === '*' ? known.size > 0 : known.has(name) || known.has('*');
      if (isRepeated) review.warn(`egress host ${host} is covered by another`, at);
      byNamespace.set(owner, known.add(name));
    }
    reviewEgressHost(host, scope, slash < 0 ? undefined : name, at, review);
  });
  if (byNamespace.get('*')?.has('*') === true && byNamespace.size !== 1) {
    review.warn('egress host */* is every host already', [listener, 'hosts', 'key']);
  }
};

const reviewEgressHost = (host: string, scope: string, name: string | undefined, at: At, review: Review): void => {
  if (name === undefined) {
    review.refuse(`egress host "${host}" has no namespace`, at, `write NAMESPACE/${host}, ./${host} or */${host}`);
    return;
  }
  if (scope === '' || name === '') {
    review.refuse(`egress host "${host}" lacks a namespace or a name`, at);
    if (name === '') return;
  }
  const owner = scope.startsWith('~') ? scope.slice(1) : scope;
  if (owner !== '' && owner !== '*' && owner !== '.' && !isDnsLabel(owner)) {
    review.refuse(`egress host "${host}": "${scope}" is no namespace`, at);
  }
  const refusal = refuseWildcardDomain(name);
  if (name !== '*' && !name.includes('.'))
    review.refuse(`egress host "${host}" is a short name`, at, 'use a full name');
  if (refusal !== undefined) review.refuse(`egress host "${name}" ${refusal}`, at);
  else if (isPartialWildcard(name)) review.refuse(`egress host "${name}": a wildcard must be a whole label`, at);
};

const reviewOutboundPolicy = (spec: SidecarSpec, review: Review): void => {
  const policy = spec.outboundTrafficPolicy;
  const proxy = policy?.egressProxy;
  if (policy === undefined || proxy === undefined) return;
  if (policy.mode !== 'ALLOW_ANY') {
    review.refuse('egressProxy works with mode ALLOW_ANY alone', [policy, 'egressProxy', 'key']);
    return;
  }
  const refusal = refuseFqdn(proxy.host);
  if (refusal !== undefined) review.refuse(`egress proxy "${proxy.host}" ${refusal}`, [proxy, 'host']);
  if (proxy.port === undefined) review.refuse('an egress proxy needs a port', [policy, 'egressProxy', 'key']);
  else reviewDestination(proxy, review);
};
