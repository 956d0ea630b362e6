import { selectServer } from '../listener.ts';
import type { GatewayPort, Origin, TcpRoute } from '../tables.ts';

/** What a gateway's port does with a connection before anything inside it is looked at. */
export type PortDecision =
  | { readonly kind: 'http'; readonly decision: string; readonly origin: Origin | undefined }
  | { readonly kind: 'tcp'; readonly route: TcpRoute; readonly decision: string; readonly origin: Origin | undefined }
  | {
      readonly kind: 'refused';
      readonly decision: string;
      readonly flags: string;
      readonly origin: Origin | undefined;
    };

/** Decides about a connection; `serverName` is undefined for one without TLS. */
export const decidePort = ({ port, tcp, tls, origin }: GatewayPort, serverName: string | undefined): PortDecision => {
  if (tcp !== undefined) return { kind: 'tcp', route: tcp, decision: `port ${port}, TCP`, origin };
  if (tls === undefined) return { kind: 'http', decision: `port ${port}`, origin };
  const server = selectServer(tls, serverName ?? '');
  if (server === undefined) {
    const asked = serverName === undefined ? 'connections without TLS' : `server name ${serverName}`;
    return { kind: 'refused', decision: `port ${port} has no server for ${asked}`, flags: 'NR', origin };
  }
  const names = server.serverNames.join(', ');
  const { terminate } = server;
  if (terminate?.certificates.length === 0) {
    const decision = `the server for ${names} at port ${port} has no certificate`;
    return { kind: 'refused', decision, flags: '-', origin: server.origin };
  }
  if (terminate !== undefined && (serverName === undefined || terminate.client === 'required')) {
    const what = serverName === undefined ? 'TLS' : 'a certificate of the client';
    const decision = `the server for ${names} at port ${port} requires ${what}`;
    return { kind: 'refused', decision, flags: '-', origin: server.origin };
  }
  const end = terminate === undefined ? 'TLS passed through' : 'TLS ended here';
  const decision = `port ${port}, server for ${names}, ${end}`;
  return server.tcp === undefined
    ? { kind: 'http', decision, origin: server.origin }
    : { kind: 'tcp', route: server.tcp, decision, origin: server.origin };
};
