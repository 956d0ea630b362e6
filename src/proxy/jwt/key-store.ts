import { parseJsonObject } from '../../traffic/json-object.ts';
import { type ParsedToken, SIGNATURE_REFUSED, type TokenFault } from '../../traffic/jwt.ts';
import type { KeySource, TokenRule } from '../../traffic/token-rules.ts';
import { parseKeys, type TokenKey, verifySignature } from './signature.ts';

export interface KeyStorePorts {
  monotonicMs(): number;
  /** The body of what stands at a URL; rejects when there is none within the time. */
  fetch(url: string, timeoutMs: number): Promise<string>;
}

/** Keys by where they come from. */
export interface KeyStore {
  /** Undefined when the token was signed with one of the rule's keys. */
  verify(rule: TokenRule, token: ParsedToken): Promise<TokenFault | undefined>;
}

/** How old keys become before they are asked for again; Istio's own interval. */
const REFRESH_MS = 20 * 60_000;

/** How long nobody is asked again who could not be reached. */
const RETRY_MS = 1_000;

interface Fetched {
  keys: readonly TokenKey[] | undefined;
  nextMs: number;
  running: Promise<void> | undefined;
}

/** Parses inline keys once, and fetches others when a token first asks for them. */
export const createKeyStore = (ports: KeyStorePorts): KeyStore => {
  const inline = new WeakMap<KeySource, readonly TokenKey[]>();
  const remote = new Map<string, Fetched>();
  const keysOf = async (source: KeySource): Promise<readonly TokenKey[] | undefined> => {
    if (source.kind !== 'inline') return fetched(source);
    const known = inline.get(source) ?? parseKeys(source.jwks) ?? [];
    inline.set(source, known);
    return known;
  };
  /** Old keys serve for as long as there are no newer ones; undefined when there never were any. */
  const fetched = async (source: Exclude<KeySource, { kind: 'inline' }>): Promise<readonly TokenKey[] | undefined> => {
    const id = `${source.kind} ${source.url}`;
    const entry = remote.get(id) ?? { keys: undefined, nextMs: Number.NEGATIVE_INFINITY, running: undefined };
    remote.set(id, entry);
    if (entry.running === undefined && ports.monotonicMs() >= entry.nextMs) entry.running = refresh(entry, source);
    if (entry.keys === undefined) await entry.running;
    return entry.keys;
  };
  const refresh = async (entry: Fetched, source: Exclude<KeySource, { kind: 'inline' }>): Promise<void> => {
    let waitMs = RETRY_MS;
    try {
      const { url, timeoutMs } = source;
      const text = await ports.fetch(source.kind === 'address' ? url : await discover(url, timeoutMs), timeoutMs);
      const keys = parseKeys(text);
      if (keys !== undefined) {
        entry.keys = keys;
        waitMs = REFRESH_MS;
      }
    } catch {
      // Whoever needs the keys is refused, and the next one after a while asks again.
    }
    entry.nextMs = ports.monotonicMs() + waitMs;
    entry.running = undefined;
  };
  const discover = async (url: string, timeoutMs: number): Promise<string> => {
    const address = parseJsonObject(await ports.fetch(url, timeoutMs))?.['jwks_uri'];
    if (typeof address !== 'string') throw new Error('the OpenID configuration names no jwks_uri');
    return address;
  };
  return {
    verify: async (rule, token) => {
      const keys = await keysOf(rule.keys);
      // Istio answers for keys it cannot get with a key whose other half nobody has.
      return keys === undefined ? SIGNATURE_REFUSED : verifySignature(token, keys);
    },
  };
};
