import type { X509Certificate } from 'node:crypto';
import { Fault } from '../base/fault.ts';

/** A SPIFFE ID taken apart. Ids of another shape than `/ns/NS/sa/SA` are valid too and lack the last two fields. */
export interface SpiffeId {
  readonly text: string;
  readonly trustDomain: string;
  /** Begins with a slash; empty for the id of a trust domain itself. */
  readonly path: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
}

export type SpiffeParse =
  | { readonly kind: 'valid'; readonly id: SpiffeId }
  | { readonly kind: 'invalid'; readonly reason: string };

// SPIFFE-ID section 2.3: ids over 2048 bytes and trust domains over 255 bytes need not be supported by anyone.
const MAX_ID_BYTES = 2048;
const MAX_TRUST_DOMAIN_BYTES = 255;
const SCHEME = 'spiffe://';
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

const invalid = (reason: string): SpiffeParse => ({ kind: 'invalid', reason });

const pathError = (path: string): string | undefined => {
  if (path === '') return undefined;
  for (const segment of path.slice(1).split('/')) {
    if (segment === '') return 'the path has an empty segment or ends with a slash';
    if (segment === '.' || segment === '..') return 'the path has a relative segment';
    if (!SEGMENT.test(segment)) return 'the path may only have letters, digits, ".", "-" and "_"';
  }
  return undefined;
};

/**
 * Reads a SPIFFE ID by the rules of the SPIFFE-ID standard, section 2: no user, port, query, fragment or percent escape,
 * scheme and trust domain in lower case. Anything else is refused with the rule that it breaks.
 */
export const parseSpiffeId = (text: string): SpiffeParse => {
  if (Buffer.byteLength(text) > MAX_ID_BYTES) return invalid(`longer than ${MAX_ID_BYTES} bytes`);
  if (!text.startsWith(SCHEME)) return invalid('the scheme is not "spiffe://"');
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (trustDomain === '') return invalid('the trust domain is empty');
  if (trustDomain.length > MAX_TRUST_DOMAIN_BYTES)
    return invalid(`the trust domain is longer than ${MAX_TRUST_DOMAIN_BYTES} bytes`);
  if (!TRUST_DOMAIN.test(trustDomain))
    return invalid('the trust domain may only have lower case letters, digits, ".", "-" and "_"');
  const reason = pathError(path);
  if (reason !== undefined) return invalid(reason);
  const [, ns, namespace, sa, serviceAccount, ...more] = path.split('/');
  const isIstio = ns === 'ns' && sa === 'sa' && more.length === 0;
  return {
    kind: 'valid',
    id: {
      text,
      trustDomain,
      path,
      ...(isIstio && namespace !== undefined && serviceAccount !== undefined ? { namespace, serviceAccount } : {}),
    },
  };
};

/**
 * Istio's identity of a service account: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
 * Throws a Fault `INVALID_SPIFFE_ID` when a part cannot stand in a SPIFFE ID.
 */
export const spiffeId = (trustDomain: string, namespace: string, serviceAccount: string): string => {
  const text = `${SCHEME}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  const parsed = parseSpiffeId(text);
  const reason =
    parsed.kind === 'invalid'
      ? parsed.reason
      : parsed.id.namespace === undefined
        ? 'a part of it holds a slash'
        : undefined;
  if (reason !== undefined) throw invalidSpiffeId(text, reason);
  return text;
};

/** The Fault for an identity that breaks the SPIFFE rules. */
export const invalidSpiffeId = (text: string, reason: string): Fault =>
  new Fault(`${JSON.stringify(text)} is not a SPIFFE ID: ${reason}`, {
    kind: 'input',
    code: 'INVALID_SPIFFE_ID',
    hint: 'use spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT',
  });

// Node prints `URI:a, DNS:b` and puts names with a comma, a quote or a control character into JSON quotes,
// so that one name cannot pose as two.
const ALTERNATIVE_NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/** The URI names of a certificate in their order, whatever their scheme; `subjectAltName` as Node prints it. */
export const uriNamesOf = (certificate: Pick<X509Certificate, 'subjectAltName'>): readonly string[] => {
  const uris: string[] = [];
  for (const [, kind, name = ''] of (certificate.subjectAltName ?? '').matchAll(ALTERNATIVE_NAME)) {
    if (kind === 'URI') uris.push(name.startsWith('"') ? String(JSON.parse(name)) : name);
  }
  return uris;
};

/** The valid SPIFFE IDs among the URI names of a certificate; a proper SVID has exactly one, and no other URI. */
export const spiffeIdsOf = (certificate: Pick<X509Certificate, 'subjectAltName'>): readonly string[] =>
  uriNamesOf(certificate).filter((name) => parseSpiffeId(name).kind === 'valid');
