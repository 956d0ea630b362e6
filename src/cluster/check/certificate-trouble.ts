import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const DAY_MS = 86_400_000;
/** How long before its end a certificate is worth a warning. */
const SOON_DAYS = 30;

/** What is wrong with a text of certificates at a moment, worst first; undefined where nothing is. */
export const certificateTrouble = (
  pem: string,
  nowMs: number,
): { readonly severity: 'error' | 'warning'; readonly words: string } | undefined => {
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) return { severity: 'error', words: 'holds no certificate' };
  for (const block of blocks) {
    const certificate = decode(block);
    if (certificate === undefined) return { severity: 'error', words: 'holds a certificate that cannot be decoded' };
    const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    if (to <= nowMs) return { severity: 'error', words: `expired on ${day(to)}` };
    if (from > nowMs) return { severity: 'error', words: `is not valid before ${day(from)}` };
    if (to - nowMs < SOON_DAYS * DAY_MS)
      return { severity: 'warning', words: `expires on ${day(to)}, in ${Math.floor((to - nowMs) / DAY_MS)} days` };
  }
  return undefined;
};

const decode = (block: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
};

/** The fingerprints of the certificates of a text; those that cannot be decoded are left out. */
export const fingerprintsOf = (pem: string): readonly string[] =>
  (pem.match(CERTIFICATE) ?? []).flatMap((block) => decode(block)?.fingerprint256 ?? []);
