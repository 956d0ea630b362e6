import { Fault } from '../base/fault.ts';
import type { Clock } from '../base/ports.ts';
import type { Identity, WorkloadCertificate } from './certificate.ts';
import type { KeyedCertificate, SignedCertificate, Signer, Validity } from './mint.ts';
import { invalidSpiffeId, parseSpiffeId } from './spiffe.ts';

/** Issues the workload certificates of one trust domain from one root. */
export interface Authority {
  readonly trustDomain: string;
  /** The root certificate, PEM; public. */
  readonly rootPem: string;
  /**
   * A new key and certificate, valid from now for the authority's lifetime, never beyond the root's.
   * Throws a Fault for an id that is malformed, of another trust domain or without a path, for a clock outside of
   * the root's validity, and when the issue log cannot be written. `hosts`: DNS names and IP addresses it has as well.
   */
  issue(spiffeId: string, hosts?: readonly string[]): Promise<WorkloadCertificate>;
  /**
   * A certificate for the key of a certificate request (PKCS #10, PEM), which its requester keeps; nothing else of the
   * request counts. Throws as `issue` does, for a lifetime out of range, and for a request that is broken
   * (`CA_BAD_REQUEST`) or asks for another id (`CA_FOREIGN_IDENTITY`).
   */
  certify(requestPem: string, spiffeId: string, lifeMs?: number): Promise<SignedCertificate>;
  /** `issue`, together with the roots to trust. */
  identityFor(spiffeId: string, hosts?: readonly string[]): Promise<Identity>;
}

/** One line of the issue log. */
export interface IssueRecord {
  readonly timeMs: number;
  readonly serial: string;
  readonly spiffeId: string;
  readonly notAfterMs: number;
}

export interface AuthorityOptions {
  readonly root: KeyedCertificate;
  /** PEM of earlier roots whose certificates are still to be believed; empty = none. */
  readonly earlierRootsPem: string;
  readonly rootNotBeforeMs: number;
  readonly rootNotAfterMs: number;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** Called before a certificate leaves the authority; when it throws, the certificate is not given out. */
  readonly record: (issue: IssueRecord) => void;
}

/** Clocks of peers may be behind: certificates begin this long before they are made. */
export const BACKDATE_MS = 60_000;
/** Istio's default lifetime of a workload certificate (SECRET_TTL), and the longest here: there is no revocation. */
export const MAX_TTL_MS = 24 * 3_600_000;
const MIN_TTL_MS = 1_000;

/** X.509 keeps whole seconds. */
export const wholeSeconds = (timeMs: number): number => Math.floor(timeMs / 1_000) * 1_000;

/** Throws a Fault `CA_TTL_OUT_OF_RANGE` for a lifetime that no workload certificate may have. */
export const assertTtl = (ttlMs: number): void => {
  if (ttlMs >= MIN_TTL_MS && ttlMs <= MAX_TTL_MS) return;
  throw new Fault(`a certificate cannot live for ${ttlMs / 1_000} s`, {
    kind: 'usage',
    code: 'CA_TTL_OUT_OF_RANGE',
    hint: 'choose a lifetime between 1 second and 24 hours',
  });
};

/** Throws the Fault of `issue` for an id that no workload of the trust domain may have. */
export const assertMayIssue = (text: string, trustDomain: string): void => {
  const parsed = parseSpiffeId(text);
  if (parsed.kind === 'invalid') throw invalidSpiffeId(text, parsed.reason);
  // X509-SVID section 2: an id without path names the trust domain and belongs to signing certificates.
  if (parsed.id.path === '') throw invalidSpiffeId(text, 'a workload needs a path after the trust domain');
  if (parsed.id.trustDomain !== trustDomain)
    throw new Fault(`this certificate authority serves ${trustDomain}, not ${parsed.id.trustDomain}`, {
      kind: 'denied',
      code: 'CA_FOREIGN_TRUST_DOMAIN',
      hint: `ask for an identity that begins with spiffe://${trustDomain}/`,
    });
};

/** An authority over a root that has been read and checked. The X.509 library is loaded by the first issue. */
export const createAuthority = (options: AuthorityOptions): Authority => {
  const { root, trustDomain, clock, ttlMs, rootNotAfterMs } = options;
  let signer: Promise<Signer> | undefined;

  const validityFrom = (nowMs: number, lifeMs: number): Validity => {
    if (nowMs < options.rootNotBeforeMs || nowMs >= rootNotAfterMs)
      throw new Fault(`the root certificate is ${nowMs < rootNotAfterMs ? 'not valid yet' : 'expired'}`, {
        kind: 'config',
        code: 'CA_ROOT_NOT_VALID',
        hint: `check the clock; the root is valid from ${new Date(options.rootNotBeforeMs).toISOString()} to ${new Date(rootNotAfterMs).toISOString()}`,
      });
    return {
      notBeforeMs: wholeSeconds(nowMs - BACKDATE_MS),
      notAfterMs: Math.min(wholeSeconds(nowMs + lifeMs), rootNotAfterMs),
    };
  };

  /** Signs and logs; the certificate leaves only after its line is written. */
  const signLogged = async <T extends SignedCertificate>(
    spiffeId: string,
    lifeMs: number,
    signWith: (ready: Signer, validity: Validity) => Promise<T>,
  ): Promise<T & Validity> => {
    assertMayIssue(spiffeId, trustDomain);
    signer ??= import('./mint.ts').then(({ createSigner }) => createSigner(root));
    const ready = await signer;
    const nowMs = clock.nowMs();
    const validity = validityFrom(nowMs, lifeMs);
    const signed = await signWith(ready, validity);
    options.record({ timeMs: nowMs, serial: signed.serial, spiffeId, notAfterMs: validity.notAfterMs });
    return { ...signed, ...validity };
  };

  const issue = async (spiffeId: string, hosts: readonly string[] = []): Promise<WorkloadCertificate> => {
    const { certificatePem, ...signed } = await signLogged(spiffeId, ttlMs, ({ sign }, validity) =>
      sign(spiffeId, validity, hosts),
    );
    return { spiffeId, ...signed, chainPem: certificatePem };
  };

  const certify = async (requestPem: string, spiffeId: string, lifeMs = ttlMs): Promise<SignedCertificate> => {
    assertTtl(lifeMs);
    const { certificatePem, serial } = await signLogged(spiffeId, lifeMs, ({ signRequest }, validity) =>
      signRequest(requestPem, spiffeId, validity),
    );
    return { certificatePem, serial };
  };

  return {
    trustDomain,
    rootPem: root.certificatePem,
    issue,
    certify,
    identityFor: async (spiffeId, hosts) => ({
      certificate: await issue(spiffeId, hosts),
      rootsPem: root.certificatePem + options.earlierRootsPem,
    }),
  };
};
