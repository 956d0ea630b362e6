/** Who may ask for certificates: one bearer token for each identity, in a file that only its owner may read. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../base/ports.ts';
import { createPrivateFile, ensurePrivateDirectory, readPrivateFile } from '../files.ts';

const MAX_TOKEN_FILE_BYTES = 4_096;
const TOKEN = /^[\w-]{43,}$/;
/** Certificates that one caller may ask for at once, and how soon it may ask for the next. */
const BURST = 20;
const REFILL_MS = 250;

/** An identity, and the file with the token that stands for it. */
interface Caller {
  readonly spiffeId: string;
  readonly tokenFile: string;
}

/** Tells callers by their tokens. */
export interface Callers {
  readonly items: readonly Caller[];
  /** The id that a token stands for; undefined for any other text. */
  identityOf(token: string): string | undefined;
  /** Whether this id may have one more certificate now, which it is counted for. */
  mayAsk(spiffeId: string): boolean;
}

/** Looked up by its digest, the time it takes says nothing of a token. */
const digest = (token: string): string => createHash('sha256').update(token).digest('base64');

/** The token in a file, made with it where there is none; undefined when the file holds anything else. */
const tokenIn = (path: string): string | undefined => {
  createPrivateFile(path, `${randomBytes(32).toString('base64url')}\n`);
  const token = readPrivateFile(path, MAX_TOKEN_FILE_BYTES)?.trim() ?? '';
  return TOKEN.test(token) ? token : undefined;
};

/** Slashes become a character that no SPIFFE ID has, so that no two ids share a file. */
const fileNameOf = (spiffeId: string): string => spiffeId.replace(/^spiffe:\/\/[^/]*\//, '').replaceAll('/', '+');

/**
 * Opens the tokens of these identities in `ca/tokens` of the state directory, made at the first time and kept from then
 * on. Throws a Fault when a file is open to other users, or holds no token.
 */
export const openCallers = (stateDir: string, spiffeIds: readonly string[], clock: Clock): Callers => {
  const directory = join(stateDir, 'ca', 'tokens');
  ensurePrivateDirectory(directory);
  const byDigest = new Map<string, string>();
  const items = [...new Set(spiffeIds)].map((spiffeId) => {
    const tokenFile = join(directory, fileNameOf(spiffeId));
    const token = tokenIn(tokenFile);
    if (token === undefined)
      throw new Fault(`${tokenFile} holds no token of 43 characters or more`, {
        kind: 'config',
        code: 'CA_BAD_TOKEN_FILE',
        hint: 'remove the file: the next start makes a new one',
      });
    byDigest.set(digest(token), spiffeId);
    return { spiffeId, tokenFile };
  });
  /** When each id will have its whole burst again. */
  const fullAtMs = new Map<string, number>();
  return {
    items,
    identityOf: (token) => byDigest.get(digest(token)),
    mayAsk: (spiffeId) => {
      const nowMs = clock.monotonicMs();
      const nextMs = Math.max(fullAtMs.get(spiffeId) ?? nowMs, nowMs) + REFILL_MS;
      if (nextMs > nowMs + BURST * REFILL_MS) return false;
      fullAtMs.set(spiffeId, nextMs);
      return true;
    },
  };
};
