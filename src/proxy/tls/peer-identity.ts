import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { uriNamesOf } from '../../ca/spiffe.ts';
import { checkSvid } from '../../ca/svid.ts';

/**
 * The SPIFFE id of a peer whose chain TLS has verified; undefined unless its certificate may stand for a workload by
 * every rule of X509-SVID (one URI name, no authority, the right key usage: see checkSvid).
 */
export const peerSpiffeId = ({ raw }: PeerCertificate): string | undefined => {
  // An empty object stands for a peer that showed no certificate.
  if (raw === undefined) return undefined;
  const certificate = new X509Certificate(raw);
  return checkSvid(certificate).kind === 'valid' ? uriNamesOf(certificate)[0] : undefined;
};
