/**
 * External authorizers (Envoy's ext_authz as Istio configures it): which headers of a request they get to see, and what
 * their answers mean.
 */
import { matchesString } from './string-matcher.ts';
import type { StringMatcher } from './tables.ts';

export interface Authorizer {
  /** Of the extension provider in the mesh configuration. */
  readonly name: string;
  readonly protocol: 'http' | 'grpc';
  /** Where it is asked; a cluster that the tables may lack, as any destination. */
  readonly cluster: string;
  readonly host: string;
  /** 0 = none. */
  readonly timeoutMs: number;
  /** Requests pass when there is no answer. */
  readonly failOpen: boolean;
  /** Of the answer to a request when there is none of the authorizer and it does not fail open. */
  readonly errorStatus: number;
  /** Absent = it sees no body. */
  readonly body?: CheckedBody;
  /** What concerns HTTP alone; header matchers are lower case. */
  readonly http?: HttpAuthorizer;
}

interface CheckedBody {
  readonly maxBytes: number;
  /** A longer body is cut; otherwise its request is answered 413. */
  readonly allowsPart: boolean;
  readonly asBytes: boolean;
}

interface HttpAuthorizer {
  readonly pathPrefix: string;
  readonly requestHeaders: readonly StringMatcher[];
  /** In place of what the request has by these names. */
  readonly addedHeaders: readonly HeaderLine[];
  readonly toBackend: readonly StringMatcher[];
  /** Empty = all. */
  readonly toClientOnDeny: readonly StringMatcher[];
  readonly toClientOnAllow: readonly StringMatcher[];
}

/** Names are lower case. */
export type HeaderLine = readonly [name: string, value: string];

/** `append` is to the value that is there, after a comma. */
export interface HeaderChange {
  readonly how: 'set' | 'add' | 'append' | 'add-if-absent' | 'set-if-present';
  readonly name: string;
  readonly value: string;
}

/** What an authorizer said, or that it said nothing that can be used. */
export type Verdict = AllowVerdict | RefusingVerdict;

interface AllowVerdict {
  readonly kind: 'allow';
  readonly toBackend: readonly HeaderChange[];
  readonly remove: readonly string[];
  readonly toClient: readonly HeaderChange[];
  readonly query: QueryChanges;
}

export interface QueryChanges {
  readonly set: readonly HeaderLine[];
  readonly remove: readonly string[];
}

interface RefusingVerdict {
  readonly kind: 'deny' | 'error';
  /** Absent with an error that leaves it to the configuration. */
  readonly status?: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

/** The one thing that no answer is taken for. */
export const NO_ANSWER: Verdict = { kind: 'error', headers: [], body: '' };

/** What becomes of the request. */
export type CheckOutcome =
  | AllowVerdict
  | {
      readonly kind: 'deny';
      readonly status: number;
      readonly headers: readonly HeaderLine[];
      readonly body: string;
      /** As access logs say it. */
      readonly details: string;
    };

const UNCHANGED: AllowVerdict = {
  kind: 'allow',
  toBackend: [],
  remove: [],
  toClient: [],
  query: { set: [], remove: [] },
};

/** Only an authorizer whose configuration says so lets a request pass without having answered. */
export const outcomeOf = (authorizer: Authorizer, verdict: Verdict): CheckOutcome => {
  if (verdict.kind === 'allow') return verdict;
  const { status = authorizer.errorStatus, headers, body } = verdict;
  if (verdict.kind === 'deny') return { kind: 'deny', status, headers, body, details: 'ext_authz_denied' };
  return authorizer.failOpen ? UNCHANGED : { kind: 'deny', status, headers, body, details: 'ext_authz_error' };
};

/** The answer of an authorizer that is asked over HTTP; `lines` without those of the hop. */
export interface HttpReply {
  readonly status: number;
  readonly lines: readonly HeaderLine[];
  readonly body: string;
}

/** By which an authorizer names headers that the backend must not see. */
const REMOVED = 'x-envoy-auth-headers-to-remove';

/** 200 allows; what fails in the authorizer itself (5xx) is no answer; all else denies, with that status. */
export const readHttpReply = ({ http }: Authorizer, { status, lines, body }: HttpReply): Verdict => {
  if (status >= 500) return NO_ANSWER;
  const told = lines.filter(([name]) => name !== REMOVED);
  if (status !== 200) return { kind: 'deny', status, headers: told.filter(isToldOnDeny(http)), body };
  const passed = (matchers: readonly StringMatcher[] | undefined, how: HeaderChange['how']): readonly HeaderChange[] =>
    told.filter(([name]) => matchesAny(matchers, name)).map(([name, value]) => ({ how, name, value }));
  return {
    kind: 'allow',
    toBackend: passed(http?.toBackend, 'set'),
    remove: lines
      .filter(([name]) => name === REMOVED)
      .flatMap(([, names]) => names.split(',').map((name) => name.trim().toLowerCase()))
      .filter((name) => name !== ''),
    toClient: passed(http?.toClientOnAllow, 'add'),
    query: UNCHANGED.query,
  };
};

/** Told whatever a list says. */
const ALWAYS_TOLD: ReadonlySet<string> = new Set(['www-authenticate', 'location']);
/** Written anew for the client. */
const NEVER_TOLD: ReadonlySet<string> = new Set(['host', 'content-length', 'date', 'server']);

const isToldOnDeny =
  (http: HttpAuthorizer | undefined) =>
  ([name]: HeaderLine): boolean => {
    if (NEVER_TOLD.has(name)) return false;
    const listed = http?.toClientOnDeny ?? [];
    return listed.length === 0 || ALWAYS_TOLD.has(name) || matchesAny(listed, name);
  };

const matchesAny = (matchers: readonly StringMatcher[] | undefined, name: string): boolean =>
  matchers?.some((matcher) => matchesString(matcher, name)) === true;

/** Tells an authorizer whether it sees a part of the body only. */
export const PARTIAL_BODY = 'x-envoy-auth-partial-body';

/** Shown to authorizers over HTTP whether or not they are listed. */
const ALWAYS_SHOWN: ReadonlySet<string> = new Set(['authorization', PARTIAL_BODY]);

/** The header lines of a check over HTTP, of which `of` gives a request's values, besides Host and Content-Length. */
export const checkLines = (
  { http }: Authorizer,
  names: readonly string[],
  of: (name: string) => readonly string[],
): readonly HeaderLine[] => {
  const added = http?.addedHeaders ?? [];
  const replaced = new Set(added.map(([name]) => name));
  const shown = names.filter(
    (name) => !replaced.has(name) && (ALWAYS_SHOWN.has(name) || matchesAny(http?.requestHeaders, name)),
  );
  return [...shown.map((name): HeaderLine => [name, of(name).join(',')]), ...added];
};

/** A path with parameters of its query replaced; Envoy writes them all anew then, in the order of their names. */
export const changeQuery = (path: string, { set, remove }: QueryChanges): string => {
  if (set.length === 0 && remove.length === 0) return path;
  const mark = path.indexOf('?');
  const query = new Map<string, string[]>();
  for (const part of mark < 0 ? [] : path.slice(mark + 1).split('&')) {
    const at = part.indexOf('=');
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    if (name !== '') query.set(name, [...(query.get(name) ?? []), value]);
  }
  for (const [name, value] of set) query.set(name, [value]);
  for (const name of remove) query.delete(name);
  const parts = [...query].sort(([left], [right]) => (left < right ? -1 : 1));
  const text = parts.flatMap(([name, values]) => values.map((value) => `${name}=${value}`)).join('&');
  const bare = mark < 0 ? path : path.slice(0, mark);
  return text === '' ? bare : `${bare}?${text}`;
};
