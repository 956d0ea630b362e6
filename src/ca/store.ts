import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../base/fault.ts';
import type { Clock } from '../base/ports.ts';
import {
  type Authority,
  assertTtl,
  BACKDATE_MS,
  createAuthority,
  type IssueRecord,
  MAX_TTL_MS,
  wholeSeconds,
} from './authority.ts';
import {
  appendPrivateLine,
  createPrivateFile,
  ensurePrivateDirectory,
  readPrivateFile,
  removePrivateFile,
  removeTemporaries,
  replacePrivateFile,
} from './files.ts';
import type { KeyedCertificate } from './mint.ts';
import { invalidSpiffeId, parseSpiffeId, uriNamesOf } from './spiffe.ts';

export interface OpenAuthorityOptions {
  /** Directory of one mesh's state; the authority keeps `ca/root.pem` and `ca/issued.log` in it. */
  readonly stateDir: string;
  readonly trustDomain: string;
  readonly clock: Clock;
  /** Lifetime of workload certificates: 24 hours unless told, which is also the most. */
  readonly ttlMs?: number;
}

const ROOT_LIFETIME_MS = 10 * 365 * 24 * 3_600_000;
const MAX_ROOT_FILE_BYTES = 64 * 1024;
// Key and certificate share one file: whatever moment a process dies at, there is never one without the other.
const BUNDLE =
  /^(-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PRIVATE KEY-----\n)(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n)$/;

/** What the root says of itself; public. */
export interface RootCertificate {
  readonly certificatePem: string;
  readonly trustDomain: string;
  /** PEM of each root before it whose certificates are still believed, the latest first. */
  readonly earlierPems: readonly string[];
}

interface Root extends KeyedCertificate {
  readonly trustDomain: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const rootPath = (stateDir: string): string => join(stateDir, 'ca', 'root.pem');
const earlierPath = (stateDir: string): string => join(stateDir, 'ca', 'earlier-roots.pem');
const ONE_CERTIFICATE = /-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n/g;

const readEarlier = (stateDir: string): readonly string[] =>
  readPrivateFile(earlierPath(stateDir), MAX_ROOT_FILE_BYTES)?.match(ONE_CERTIFICATE) ?? [];

const damaged = (path: string, what: string, cause?: unknown): Fault =>
  new Fault(`${path} is damaged: ${what}`, {
    kind: 'config',
    code: 'CA_ROOT_DAMAGED',
    hint: `restore ${path} from a backup; or move it away and a new root is made, which no running workload trusts`,
    cause,
  });

const parsePair = (path: string, keyPem: string, certificatePem: string): readonly [KeyObject, X509Certificate] => {
  try {
    return [createPrivateKey(keyPem), new X509Certificate(certificatePem)];
  } catch (cause) {
    throw damaged(path, 'the key or the certificate cannot be decoded', cause);
  }
};

/** Checks everything that signing with the root relies on. */
const parseRoot = (path: string, text: string): Root => {
  const [, keyPem, certificatePem] = BUNDLE.exec(text) ?? [];
  if (keyPem === undefined || certificatePem === undefined)
    throw damaged(path, 'it does not hold one private key and one certificate');
  const [key, certificate] = parsePair(path, keyPem, certificatePem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw damaged(path, 'the key is not an ECDSA P-256 key');
  if (!certificate.checkPrivateKey(key)) throw damaged(path, 'the key does not belong to the certificate');
  if (!certificate.ca) throw damaged(path, 'the certificate is not one of a certificate authority');
  if (!certificate.verify(certificate.publicKey)) throw damaged(path, 'the certificate is not signed by its own key');
  const [name, ...more] = uriNamesOf(certificate);
  const parsed = name === undefined || more.length > 0 ? undefined : parseSpiffeId(name);
  if (parsed?.kind !== 'valid' || parsed.id.path !== '') throw damaged(path, 'the certificate names no trust domain');
  return {
    keyPem,
    certificatePem,
    trustDomain: parsed.id.trustDomain,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
};

/**
 * The root certificate of a state directory; undefined when none has been made there. Checks permissions and contents as
 * `openAuthority` does, but creates nothing.
 */
export const readRoot = (stateDir: string): RootCertificate | undefined => {
  const path = rootPath(stateDir);
  const text = readPrivateFile(path, MAX_ROOT_FILE_BYTES);
  if (text === undefined) return undefined;
  const { certificatePem, trustDomain } = parseRoot(path, text);
  return { certificatePem, trustDomain, earlierPems: readEarlier(stateDir) };
};

const mintBundle = async (trustDomain: string, clock: Clock): Promise<string> => {
  const { mintRoot } = await import('./mint.ts');
  const nowMs = clock.nowMs();
  const { keyPem, certificatePem } = await mintRoot(trustDomain, {
    notBeforeMs: wholeSeconds(nowMs - BACKDATE_MS),
    notAfterMs: wholeSeconds(nowMs + ROOT_LIFETIME_MS),
  });
  return `${keyPem}${certificatePem}`;
};

/**
 * Makes a new root in place of the one there is, whose certificates are believed further on until `forgetEarlierRoots`;
 * undefined where none has been made. The caller sees to it that no mesh runs: it would go on with the root it began with.
 */
export const rotateRoot = async (stateDir: string, clock: Clock): Promise<RootCertificate | undefined> => {
  const current = readRoot(stateDir);
  if (current === undefined) return undefined;
  const bundle = await mintBundle(current.trustDomain, clock);
  const earlier = [current.certificatePem, ...current.earlierPems];
  const believed = earlier.filter((pem) => Date.parse(new X509Certificate(pem).validTo) > clock.nowMs());
  // First what is believed: killed in between, the root is among the earlier ones as well, which changes nothing.
  replacePrivateFile(earlierPath(stateDir), believed.join(''));
  replacePrivateFile(rootPath(stateDir), bundle);
  return readRoot(stateDir);
};

/** Believes no certificate of earlier roots any more; false when there is none. */
export const forgetEarlierRoots = (stateDir: string): boolean => removePrivateFile(earlierPath(stateDir));

const createRoot = async (path: string, trustDomain: string, clock: Clock): Promise<Root> => {
  const parsed = parseSpiffeId(`spiffe://${trustDomain}`);
  if (parsed.kind === 'invalid') throw invalidSpiffeId(`spiffe://${trustDomain}`, parsed.reason);
  if (parsed.id.path !== '') throw invalidSpiffeId(parsed.id.text, 'a trust domain has no path');
  createPrivateFile(path, await mintBundle(trustDomain, clock));
  // Read back in any case: another process may have been first, and then its root is the root.
  const text = readPrivateFile(path, MAX_ROOT_FILE_BYTES);
  if (text === undefined) throw damaged(path, 'it vanished while it was made');
  return parseRoot(path, text);
};

const logLine = (issue: IssueRecord): string =>
  JSON.stringify({
    time: new Date(issue.timeMs).toISOString(),
    serial: issue.serial,
    spiffeId: issue.spiffeId,
    notAfter: new Date(issue.notAfterMs).toISOString(),
  });

/**
 * Opens the certificate authority of a state directory, making its root at the first time; of several processes that do
 * so at once, one makes it and all use it. Throws a Fault when the directory or the root is open to other users
 * (`denied`), when the root is damaged or of another trust domain (`config`: nothing is ever replaced), and when files
 * cannot be written.
 */
export const openAuthority = async (options: OpenAuthorityOptions): Promise<Authority> => {
  const { stateDir, trustDomain, clock, ttlMs = MAX_TTL_MS } = options;
  assertTtl(ttlMs);
  const directory = join(stateDir, 'ca');
  const path = rootPath(stateDir);
  ensurePrivateDirectory(directory);
  const text = readPrivateFile(path, MAX_ROOT_FILE_BYTES);
  const root = text === undefined ? await createRoot(path, trustDomain, clock) : parseRoot(path, text);
  removeTemporaries(path);
  if (root.trustDomain !== trustDomain)
    throw new Fault(`${path} is the root of trust domain ${root.trustDomain}, not of ${trustDomain}`, {
      kind: 'config',
      code: 'CA_FOREIGN_TRUST_DOMAIN',
      hint: `set trustDomain to ${root.trustDomain} in the mesh configuration, or use another state directory with HEDDLE_STATE_DIR`,
    });
  return createAuthority({
    root,
    earlierRootsPem: readEarlier(stateDir).join(''),
    rootNotBeforeMs: root.notBeforeMs,
    rootNotAfterMs: root.notAfterMs,
    trustDomain,
    clock,
    ttlMs,
    record: (issue) => appendPrivateLine(join(directory, 'issued.log'), logLine(issue)),
  });
};
