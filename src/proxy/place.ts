/** What a proxy knows of the connection a request came in on. Addresses are mesh addresses. */
export interface Place {
  readonly direction: 'inbound' | 'outbound' | 'gateway';
  /** Where the client was going: the pod's own port, the gateway's port, or the captured original destination. */
  readonly address: string;
  readonly port: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Undefined for plaintext, and for TLS that is not ended here. */
  readonly tls: PlaceTls | undefined;
  /** The server name of TLS that is not ended here. */
  readonly passedServerName?: string;
}

export interface PlaceTls {
  readonly version: string;
  readonly serverName: string;
  /** The client's SPIFFE id. */
  readonly peerPrincipal: string;
  /** This proxy's own id on the connection. */
  readonly localPrincipal: string;
  /** SHA-256 of the client's certificate, lower-case hex. */
  readonly peerHash: string;
}
