/** How a Service port is carried: HTTP/1.1, HTTP/2, opaque TCP, or found out from the first bytes. */
export type PortProtocol = 'http' | 'http2' | 'tcp' | 'auto';

const PROTOCOLS: ReadonlyMap<string, PortProtocol | 'tls'> = new Map([
  ['http', 'http'],
  ['kubernetes.io/ws', 'http'],
  ['http2', 'http2'],
  ['grpc', 'http2'],
  ['grpc-web', 'http2'],
  ['kubernetes.io/h2c', 'http2'],
  ['https', 'tls'],
  ['kubernetes.io/wss', 'tls'],
  ['tcp', 'tcp'],
  ['tls', 'tls'],
  ['mongo', 'tcp'],
  ['mysql', 'tcp'],
  ['redis', 'tcp'],
]);

/** Server-first protocols on their usual ports, where waiting for the client's first bytes would wait for ever. */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27_017]);

interface DeclaredPort {
  readonly name?: string;
  readonly appProtocol?: string;
  readonly port: number;
}

/** Istio's protocol selection: `appProtocol`, else the port name up to its first dash, else detection. */
export const selectProtocol = (port: DeclaredPort): PortProtocol => {
  const declared = declaredProtocol(port);
  if (declared !== undefined) return declared === 'tls' ? 'tcp' : declared;
  return port.name === undefined && SERVER_FIRST_PORTS.has(port.port) ? 'tcp' : 'auto';
};

/** Whether a port is declared to carry TLS of the applications' own. */
export const declaresTls = (port: DeclaredPort): boolean => declaredProtocol(port) === 'tls';

const declaredProtocol = ({ name = '', appProtocol = '' }: DeclaredPort): PortProtocol | 'tls' | undefined => {
  const lower = name.toLowerCase();
  return (
    PROTOCOLS.get(appProtocol.toLowerCase()) ??
    (lower.startsWith('grpc-web') ? 'http2' : PROTOCOLS.get(lower.split('-', 1)[0] ?? ''))
  );
};
