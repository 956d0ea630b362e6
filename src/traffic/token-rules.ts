/** What RequestAuthentications ask of a proxy's requests, compiled. */
import type { Origin } from './tables.ts';

/** One rule of a RequestAuthentication. */
export interface TokenRule {
  /** Empty: any issuer. */
  readonly issuer: string;
  /** Without the slash at the end and the scheme in front, as Envoy compares them; empty: any. */
  readonly audiences: readonly string[];
  readonly places: readonly TokenPlace[];
  /** The token goes on to the application. */
  readonly isForwarded: boolean;
  /** Lower-case header for the payload as sent; empty for none. */
  readonly payloadHeader: string;
  readonly claimHeaders: readonly { readonly claim: readonly string[]; readonly header: string }[];
  /** Claims whose text is a list of words. */
  readonly spaceDelimited: ReadonlySet<string>;
  readonly keys: KeySource;
  readonly origin: Origin;
}

/** Where a token may stand; in Envoy's order, which is that of their names. */
export type TokenPlace =
  /** Lower-case name. */
  | { readonly in: 'header'; readonly name: string; readonly prefix: string }
  | { readonly in: 'query' | 'cookie'; readonly name: string };

/** Where the keys are: in the rule itself, at an address, or where the issuer's OpenID configuration says. */
export type KeySource =
  | { readonly kind: 'inline'; readonly jwks: string }
  | { readonly kind: 'address' | 'discovery'; readonly url: string; readonly timeoutMs: number };

/** The claims of a verified token, words of space-delimited ones apart. */
export type Claims = Readonly<Record<string, unknown>>;
