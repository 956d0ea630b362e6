import type { PeerCertificate } from 'node:tls';
import { parseSpiffeId, uriNamesOf } from '../../ca/spiffe.ts';

/**
 * The SPIFFE id of a peer's certificate, undefined unless it has exactly one URI name and that is a SPIFFE id
 * (X509-SVID 2: more than one URI must be rejected).
 */
export const peerSpiffeId = (certificate: PeerCertificate): string | undefined => {
  const [name, ...more] = uriNamesOf({ subjectAltName: certificate.subjectaltname });
  if (name === undefined || more.length > 0 || parseSpiffeId(name).kind !== 'valid') return undefined;
  return name;
};
