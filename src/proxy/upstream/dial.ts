import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Permit } from '../../traffic/authorize.ts';
import type { UpstreamTransport } from '../../traffic/tables.ts';
import { Link, onreadFor } from '../link.ts';
import type { SocketAddress } from '../proxy.ts';
import type { TlsIdentity } from '../tls/contexts.ts';
import { originationOptions } from '../tls/originate.ts';
import { peerSpiffeId } from '../tls/peer-identity.ts';

export interface DialTarget {
  /** Of the request or connection that it is for: no backend is called without one. */
  readonly permit: Permit;
  readonly at: SocketAddress;
  /** Local address to connect from; undefined = the system's choice. */
  readonly from: string | undefined;
  readonly transport: UpstreamTransport;
  readonly tls: TlsIdentity;
  readonly alpn: readonly string[];
  readonly session: PeerSession | undefined;
}

/** TLS session of an earlier connection that met the same demands, and who was at its other end. */
export interface PeerSession {
  readonly ticket: Buffer;
  readonly principal: string;
}

export interface DialEvents {
  /** `peerPrincipal` is empty for plaintext. */
  readonly onConnected: (peerPrincipal: string) => void;
  readonly onSession: (session: PeerSession) => void;
}

/** Opens a connection; the link's owner hears when it fails. A peer of another identity than allowed is a failure. */
export const dial = (target: DialTarget, events: DialEvents): Link => {
  const holder: { link: Link | undefined } = { link: undefined };
  const address = {
    host: target.at.host,
    port: target.at.port,
    ...(target.from === undefined ? {} : { localAddress: target.from }),
    allowHalfOpen: true,
    onread: onreadFor(holder),
  };
  const { transport } = target;
  const socket: Socket = open(target, address, events);
  socket.setNoDelay(true);
  if (transport.kind === 'plaintext') socket.once('connect', () => events.onConnected(''));
  const link = new Link(socket, false);
  holder.link = link;
  return link;
};

const open = (target: DialTarget, address: { host: string; port: number }, events: DialEvents): Socket => {
  const { transport } = target;
  switch (transport.kind) {
    case 'plaintext':
      return connect(address);
    case 'istio-mutual':
      return dialTls(target, transport, address, events);
    case 'tls': {
      const socket = connectTls({ ...address, ...originationOptions(transport, target.alpn) });
      socket.once('secureConnect', () => events.onConnected(''));
      return socket;
    }
  }
};

const dialTls = (
  target: DialTarget,
  transport: Extract<UpstreamTransport, { kind: 'istio-mutual' }>,
  address: object,
  events: DialEvents,
): TLSSocket => {
  const { spiffeIds } = transport;
  const socket = connectTls({
    ...address,
    secureContext: target.tls.context,
    // An IP address or an empty name must not become a server name (RFC 6066 3).
    servername: transport.sni,
    ALPNProtocols: [...target.alpn],
    ...(target.session === undefined ? {} : { session: target.session.ticket }),
    // Replaces the check of DNS names; the chain itself is verified against the mesh's roots before.
    checkServerIdentity: (_host, certificate) => {
      const id = peerSpiffeId(certificate);
      if (id !== undefined && spiffeIds.includes(id)) return undefined;
      return otherIdentity();
    },
  });
  let principal: string | undefined;
  socket.once('secureConnect', () => {
    // A resumed session carries no certificate: its other end is who it was when the session began.
    principal = socket.isSessionReused() ? target.session?.principal : peerSpiffeId(socket.getPeerCertificate());
    if (principal !== undefined && spiffeIds.includes(principal)) events.onConnected(principal);
    else socket.destroy(otherIdentity());
  });
  socket.on('session', (ticket: Buffer) => {
    if (principal !== undefined) events.onSession({ ticket, principal });
  });
  return socket;
};

const otherIdentity = (): Error =>
  Object.assign(new Error('the peer has another identity'), { code: 'PEER_IDENTITY_MISMATCH' });
