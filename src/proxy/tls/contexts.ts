import { createSecureContext, type SecureContext } from 'node:tls';
import type { Identity } from '../../ca/certificate.ts';

const CURVES = 'X25519:prime256v1:secp384r1';

/** ALPN of a sidecar that speaks HTTP/1.1 to another one; the last is for servers that know nothing of Istio. */
export const HTTP_ALPN = ['istio-http/1.1', 'istio', 'http/1.1'];
/** The same for HTTP/2. */
export const HTTP2_ALPN = ['istio-h2', 'istio', 'h2'];
/** ALPN of a sidecar that tunnels opaque TCP. */
export const TCP_ALPN = ['istio'];
/** What a server answers to, in its order of preference. */
export const SERVER_ALPN = ['istio-h2', 'istio-http/1.1', 'istio', 'h2', 'http/1.1'];

/** Everything a TLS end derives from its identity; made anew at every rotation. */
export interface TlsIdentity {
  readonly identity: Identity;
  readonly context: SecureContext;
}

/** Mesh TLS is 1.3 only: every end of it is ours. Both directions of a sidecar share the context. */
export const createTlsIdentity = (identity: Identity): TlsIdentity => ({
  identity,
  context: createSecureContext(secureOptions(identity)),
});

/** The options `tls.Server` takes for the same identity; sessions resume only among servers of this identity. */
export const secureOptions = (identity: Identity) => ({
  cert: identity.certificate.chainPem,
  key: identity.certificate.keyPem,
  ca: identity.rootsPem,
  minVersion: 'TLSv1.3' as const,
  ecdhCurve: CURVES,
  sessionIdContext: 'istio-mutual',
});
