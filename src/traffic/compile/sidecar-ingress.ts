import type { Resource } from '../../model/resource.ts';
import type { ConnectionPool, Sidecar, SidecarIngress, SidecarSpec } from '../../model/schema/generated/types-istio.ts';
import { type PortProtocol, selectProtocol } from './protocol.ts';
import type { Report } from './report.ts';

/** What a Sidecar says of the ports its pods take connections on. */
export interface IngressPlan {
  readonly resource: Resource<Sidecar>;
  /** In place of the ports of services; undefined = those hold. */
  readonly listeners: readonly IngressListener[] | undefined;
  /** By the pod's own port. */
  readonly connectionPool: (port: number) => ConnectionPool | undefined;
}

/** One port of the pod, and where in it the connections go. */
interface IngressListener {
  readonly port: number;
  readonly protocol: PortProtocol;
  readonly endpoint: IngressEndpoint;
}

/** `address` is undefined for the pod's own. */
export interface IngressEndpoint {
  readonly address: string | undefined;
  readonly port: number;
}

/** Reads `ingress` and `inboundConnectionPool` of a Sidecar; of two listeners for one port the first counts. */
export const planIngress = (resource: Resource<Sidecar>, spec: SidecarSpec, report: Report): IngressPlan => {
  const listeners = new Map<number, IngressListener & { readonly pool: ConnectionPool | undefined }>();
  for (const written of spec.ingress ?? []) {
    warnOfUnsupported(resource, written, report);
    const { number: port = 0, protocol } = written.port;
    if (listeners.has(port)) continue;
    const endpoint = endpointOf(resource, written, port, report);
    const pool = written.connectionPool;
    listeners.set(port, { port, protocol: selectProtocol({ name: protocol ?? '', port }), endpoint, pool });
  }
  return {
    resource,
    listeners: listeners.size === 0 ? undefined : [...listeners.values()],
    connectionPool: (port) => listeners.get(port)?.pool ?? spec.inboundConnectionPool,
  };
};

const warnOfUnsupported = (resource: Resource, listener: SidecarIngress, report: Report): void => {
  if (listener.tls !== undefined) {
    const effect = 'TLS that is not the mesh’s own passes to the application as it is';
    report.unsupportedField(resource, 'ingress.tls', effect, [listener, 'tls']);
  }
  if (listener.captureMode === 'NONE') {
    const effect = 'the port is captured like any other';
    report.unsupportedField(resource, 'ingress.captureMode NONE', effect, [listener, 'captureMode']);
  }
};

const LOOPBACKS: ReadonlySet<string> = new Set(['127.0.0.1', '::1']);
const ANY_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** `HOST:PORT` of loopback or of the pod itself; without one, the address and port that were connected to. */
const endpointOf = (resource: Resource, listener: SidecarIngress, port: number, report: Report): IngressEndpoint => {
  const own = { address: undefined, port };
  const { defaultEndpoint = '' } = listener;
  if (defaultEndpoint === '') return own;
  const at = [listener, 'defaultEndpoint'] as const;
  if (defaultEndpoint.startsWith('unix://')) {
    const effect = `connections go to port ${port} of the pod`;
    report.unsupportedField(resource, 'a Unix socket as defaultEndpoint', effect, at);
    return own;
  }
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(defaultEndpoint) ?? [];
  const host = bracketed ?? plain;
  const number = Number(digits);
  if (!(number >= 1 && number <= 65_535) || !(LOOPBACKS.has(host) || ANY_ADDRESSES.has(host))) {
    report.invalid(
      resource,
      'defaultEndpoint is 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH',
      at,
    );
    return own;
  }
  return { address: LOOPBACKS.has(host) ? '127.0.0.1' : undefined, port: number };
};
