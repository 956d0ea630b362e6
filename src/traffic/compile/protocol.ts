/** How a Service port is carried: HTTP/1.1, HTTP/2, opaque TCP, or found out from the first bytes. */
export type PortProtocol = 'http' | 'http2' | 'tcp' | 'auto';

const PROTOCOLS: ReadonlyMap<string, PortProtocol> = new Map([
  ['http', 'http'],
  ['kubernetes.io/ws', 'http'],
  ['http2', 'http2'],
  ['grpc', 'http2'],
  ['grpc-web', 'http2'],
  ['kubernetes.io/h2c', 'http2'],
  ['https', 'tcp'],
  ['kubernetes.io/wss', 'tcp'],
  ['tcp', 'tcp'],
  ['tls', 'tcp'],
  ['mongo', 'tcp'],
  ['mysql', 'tcp'],
  ['redis', 'tcp'],
]);

/** Server-first protocols on their usual ports, where waiting for the client's first bytes would wait for ever. */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27_017]);

/** Istio's protocol selection: `appProtocol`, else the port name up to its first dash, else detection. */
export const selectProtocol = (port: {
  readonly name?: string;
  readonly appProtocol?: string;
  readonly port: number;
}): PortProtocol => {
  if (port.appProtocol !== undefined) {
    const declared = PROTOCOLS.get(port.appProtocol.toLowerCase());
    if (declared !== undefined) return declared;
  }
  const name = (port.name ?? '').toLowerCase();
  if (name.startsWith('grpc-web')) return 'http2';
  const named = PROTOCOLS.get(name.split('-', 1)[0] ?? '');
  if (named !== undefined) return named;
  return port.name === undefined && SERVER_FIRST_PORTS.has(port.port) ? 'tcp' : 'auto';
};
