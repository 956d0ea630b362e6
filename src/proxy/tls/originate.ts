import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';
import { uriNamesOf } from '../../ca/spiffe.ts';
import type { UpstreamTransport } from '../../traffic/tables.ts';
import { HTTP2_ALPN } from './contexts.ts';

/** What `tls.connect` needs to begin TLS that is not the mesh's; `alpn` is the mesh's list for the same protocol. */
export const originationOptions = (
  { sni, names, authorities, certificate }: Extract<UpstreamTransport, { readonly kind: 'tls' }>,
  alpn: readonly string[],
): ConnectionOptions => ({
  servername: sni,
  rejectUnauthorized: authorities !== 'any',
  minVersion: 'TLSv1.2',
  ...(typeof authorities === 'string' ? {} : { ca: [...authorities] }),
  ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
  // Istio offers a protocol where it is HTTP/2 alone.
  ...(alpn === HTTP2_ALPN ? { ALPNProtocols: ['h2'] } : {}),
  checkServerIdentity: (_host, peer) =>
    names.length === 0 || names.some((name) => isNamed(peer, name)) ? undefined : otherName(names),
});

const isNamed = (peer: PeerCertificate, name: string): boolean =>
  uriNamesOf(new X509Certificate(peer.raw)).includes(name) || checkServerIdentity(name, peer) === undefined;

const otherName = (names: readonly string[]): Error =>
  Object.assign(new Error(`the certificate is not of ${names.join(' or ')}`), { code: 'CERTIFICATE_VERIFY_FAILED' });
