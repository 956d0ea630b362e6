/** The names of Istio's mesh config `pathNormalization.normalization`. */
export type PathNormalization = 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';

export type NormalizedPath = { readonly path: string } | { readonly refused: 'path_normalization_failed' };

const REFUSED: NormalizedPath = { refused: 'path_normalization_failed' };

const HASH = 0x23;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const BACKSLASH = 0x5c;

/**
 * Normalizes a request target as Envoy's connection manager does before anything matches it: the fragment is cut, then
 * (not with NONE) `.` and `..` segments are resolved, unreserved characters decoded, backslashes turned, unsafe
 * characters encoded; doubled slashes and `%2F` only in the modes named so. The query is kept as it is.
 */
export const normalizePath = (target: string, mode: PathNormalization): NormalizedPath => {
  if (isNormal(target, mode)) return { path: target };
  const fragment = target.indexOf('#');
  const whole = fragment < 0 ? target : target.slice(0, fragment);
  if (mode === 'NONE' || !whole.startsWith('/')) return { path: whole };
  const mark = whole.indexOf('?');
  const query = mark < 0 ? '' : whole.slice(mark);
  let path = mark < 0 ? whole : whole.slice(0, mark);
  if (mode === 'DECODE_AND_MERGE_SLASHES') path = path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  const decoded = decode(path);
  if (decoded === undefined) return REFUSED;
  path = removeDotSegments(decoded);
  if (mode !== 'BASE') path = path.replace(/\/{2,}/g, '/');
  return { path: path + query };
};

/** Whether nothing in the target can change; most targets leave here, without an allocation. */
const isNormal = (target: string, mode: PathNormalization): boolean => {
  if (mode === 'NONE') return target.indexOf('#') < 0;
  const merges = mode !== 'BASE';
  let previous = 0;
  for (let index = 0; index < target.length; index += 1) {
    const code = target.charCodeAt(index);
    if (code === QUESTION) return target.indexOf('#', index) < 0;
    if (code === PERCENT || code === HASH || code === BACKSLASH || mustEncode(code)) return false;
    if (previous === SLASH && (code === DOT || (merges && code === SLASH))) return false;
    previous = code;
  }
  return true;
};

/** Decodes unreserved characters and encodes unsafe ones; undefined for `%00`, which Envoy answers with 400. */
const decode = (path: string): string | undefined => {
  let result = '';
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    if (code === BACKSLASH) result += '/';
    else if (code === PERCENT) {
      const value = escapedByte(path, index);
      if (value === 0) return undefined;
      if (value !== undefined && isUnreserved(value)) {
        result += String.fromCharCode(value);
        index += 2;
      } else result += '%';
    } else if (mustEncode(code)) result += encodeURIComponent(path.charAt(index));
    else result += path.charAt(index);
  }
  return result;
};

const removeDotSegments = (path: string): string => {
  const kept: string[] = [];
  const segments = path.split('/');
  for (let index = 1; index < segments.length; index += 1) {
    const segment = segments[index] ?? '';
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (last) kept.push('');
  }
  return `/${kept.join('/')}`;
};

/** The value of a `%XX` at `index`; undefined when it is not one (`%zz` stays as written). */
const escapedByte = (path: string, index: number): number | undefined => {
  const digits = path.slice(index + 1, index + 3);
  return /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
};

/** RFC 3986 2.3: letters, digits, `-`, `.`, `_`, `~`. */
const isUnreserved = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === DOT ||
  code === 0x5f ||
  code === 0x7e;

/** Control characters, space, `"`, `<`, `>`, backtick, `{`, `}`, DEL: what Envoy's canonical path percent-encodes. */
const mustEncode = (code: number): boolean =>
  code <= 0x20 ||
  code === 0x22 ||
  code === 0x3c ||
  code === 0x3e ||
  code === 0x60 ||
  code === 0x7b ||
  code === 0x7d ||
  code === 0x7f;
