import type { X509Certificate } from 'node:crypto';
import { parseSpiffeId, type SpiffeId, uriNamesOf } from './spiffe.ts';

export type SvidVerdict =
  | { readonly kind: 'valid'; readonly id: SpiffeId }
  | { readonly kind: 'invalid'; readonly reason: string };

interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

const SEQUENCE = 0x30;
const BOOLEAN = 0x01;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const EXTENSIONS = 0xa3;
const BASIC_CONSTRAINTS_OID = Buffer.from([0x55, 0x1d, 0x13]);
const KEY_USAGE_OID = Buffer.from([0x55, 0x1d, 0x0f]);
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** The values that follow each other in a stretch of DER. Only for bytes that OpenSSL has parsed; what is cut short ends it. */
const derValues = (bytes: Buffer): readonly DerValue[] => {
  const values: DerValue[] = [];
  for (let at = 0; at + 1 < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    if (lengthBytes > 4 || start > bytes.length) break;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    values.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
};

const inside = (values: readonly DerValue[], tag: number): readonly DerValue[] =>
  derValues(values.find((value) => value.tag === tag)?.content ?? Buffer.alloc(0));

/** What is in an extension's octet string; undefined when the certificate has no such extension. */
const extensionOf = (certificate: X509Certificate, oid: Buffer): readonly DerValue[] | undefined => {
  const tbs = inside(inside(derValues(certificate.raw), SEQUENCE), SEQUENCE);
  for (const extension of inside(inside(tbs, EXTENSIONS), SEQUENCE)) {
    const parts = derValues(extension.content);
    if (parts[0]?.content.equals(oid) === true) return inside(parts, OCTET_STRING);
  }
  return undefined;
};

/** The first byte of the key usage bits, digitalSignature the highest; Node tells the extended key usage only. */
const keyUsageBits = (certificate: X509Certificate): number | undefined => {
  const value = extensionOf(certificate, KEY_USAGE_OID);
  // The first content byte of a bit string counts the unused bits.
  return value === undefined ? undefined : (value.find(({ tag }) => tag === BIT_STRING)?.content[1] ?? 0);
};

/**
 * Whether the certificate says of itself that it is an authority. Not Node's `ca`: that is false for an authority whose
 * key usage does not let it sign certificates, and X509-SVID forbids the mark itself.
 */
const isMarkedAuthority = (certificate: X509Certificate): boolean =>
  inside(extensionOf(certificate, BASIC_CONSTRAINTS_OID) ?? [], SEQUENCE).some(
    ({ tag, content }) => tag === BOOLEAN && content[0] !== 0,
  );

/**
 * Whether a certificate may stand for a workload, by the rules for leaves of X509-SVID sections 2, 4 and 5.2: exactly one
 * URI name, a SPIFFE ID with a path; no authority; a key for signatures and for neither certificates nor revocation
 * lists; extended key usage, when there is one, for server and client. Chain and dates are the TLS library's to check.
 */
export const checkSvid = (certificate: X509Certificate): SvidVerdict => {
  const invalid = (reason: string): SvidVerdict => ({ kind: 'invalid', reason });
  const [name, ...more] = uriNamesOf(certificate);
  if (name === undefined) return invalid('it has no URI name');
  if (more.length > 0) return invalid(`it has ${more.length + 1} URI names instead of one`);
  const parsed = parseSpiffeId(name);
  if (parsed.kind === 'invalid') return invalid(`its URI name is not a SPIFFE ID: ${parsed.reason}`);
  if (parsed.id.path === '') return invalid('its SPIFFE ID has no path: it names a trust domain, not a workload');
  if (isMarkedAuthority(certificate)) return invalid('it is a certificate authority');
  const usage = keyUsageBits(certificate);
  if (usage === undefined) return invalid('it has no key usage');
  if ((usage & KEY_CERT_SIGN) !== 0) return invalid('its key may sign certificates');
  if ((usage & CRL_SIGN) !== 0) return invalid('its key may sign revocation lists');
  if ((usage & DIGITAL_SIGNATURE) === 0) return invalid('its key may not make signatures');
  // Node calls the extended key usage `keyUsage`; undefined when the certificate has none.
  const purposes: readonly string[] | undefined = certificate.keyUsage;
  if (purposes !== undefined && !(purposes.includes(SERVER_AUTH) && purposes.includes(CLIENT_AUTH)))
    return invalid('its extended key usage lacks server or client authentication');
  return { kind: 'valid', id: parsed.id };
};

/**
 * Whether a certificate stands for a workload of this root's trust domain now: `checkSvid`, its dates, and the root's own
 * signature, as there is nothing in between: the roots made here have path length 0.
 */
export const verifyWorkload = (certificate: X509Certificate, root: X509Certificate, nowMs: number): SvidVerdict => {
  const invalid = (reason: string): SvidVerdict => ({ kind: 'invalid', reason });
  const verdict = checkSvid(certificate);
  if (verdict.kind === 'invalid') return verdict;
  if (!certificate.checkIssued(root) || !certificate.verify(root.publicKey))
    return invalid('it is not signed by the root');
  if (uriNamesOf(root)[0] !== `spiffe://${verdict.id.trustDomain}`)
    return invalid(`the root does not serve its trust domain, ${verdict.id.trustDomain}`);
  if (nowMs < Date.parse(certificate.validFrom)) return invalid(`it is not valid before ${certificate.validFrom}`);
  if (nowMs >= Date.parse(certificate.validTo)) return invalid(`it has expired on ${certificate.validTo}`);
  return verdict;
};
