import { parseCidr } from '../../base/cidr.ts';
import { parseDuration } from '../../base/duration.ts';
import { compileRegex } from '../../traffic/regex.ts';

/**
 * The small rules that the kinds share. A `refuse...` answers why a text is refused, as the end of a sentence, or
 * undefined. Istio reads DNS names leniently: capitals are letters, a final dot is fine (pkg/config/validation/agent).
 */
const LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const WILDCARD_LABEL = /^(?:\*|(?:\*|\*-)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;
const QUALIFIED = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const INTEGER = /^[+-]?\d+$/;
const MAX_LABEL = 63;
const MAX_NAME = 255;
const MAX_LABEL_PREFIX = 253;

export const isDnsLabel = (text: string): boolean => text.length <= MAX_LABEL && LABEL.test(text);

const isWildcardLabel = (text: string): boolean => text.length <= MAX_LABEL && WILDCARD_LABEL.test(text);

const refuseLength = (name: string): string | undefined => {
  if (name === '') return 'is empty';
  return name.length > MAX_NAME ? `is longer than ${MAX_NAME} characters` : undefined;
};

const refuseLabels = (labels: readonly string[]): string | undefined => {
  const last = labels.at(-1) ?? '';
  if (INTEGER.test(last)) return `is no DNS name: its last part "${last}" is a number`;
  const parts = last === '' ? labels.slice(0, -1) : labels;
  const bad = parts.find((part) => !isDnsLabel(part));
  return bad === undefined ? undefined : `is no DNS name: "${bad}" is no DNS label`;
};

/** A DNS name without wildcard. */
export const refuseFqdn = (name: string): string | undefined => refuseLength(name) ?? refuseLabels(name.split('.'));

/** A DNS name whose first label may be, or begin with, a star. */
export const refuseWildcardDomain = (name: string): string | undefined => {
  const tooLong = refuseLength(name);
  if (tooLong !== undefined) return tooLong;
  const [first = '', ...rest] = name.split('.');
  if (!isWildcardLabel(first)) return `is no DNS name: "${first}" is no DNS label`;
  return rest.length === 0 ? undefined : refuseLabels(rest);
};

/** Whether a star stands for a part of a label only, as in `*foo.example.com`. */
export const isPartialWildcard = (host: string): boolean =>
  host.includes('*') && host.length !== 1 && !host.startsWith('*.');

/** An IPv4 or IPv6 address, the latter with or without a zone. */
export const isIpAddress = (text: string): boolean => {
  if (text.includes('/')) return false;
  const zone = text.includes(':') ? text.indexOf('%') : -1;
  if (zone === text.length - 1) return false;
  return parseCidr(zone < 0 ? text : text.slice(0, zone)) !== undefined;
};

/** An address, or a block such as `10.0.0.0/8`. */
export const isSubnet = (text: string): boolean =>
  text.split('/').length === 2 ? parseCidr(text) !== undefined : isIpAddress(text);

/** `unix://` has been cut off: an absolute path of a file, or an abstract socket (`@name`). */
export const refuseUnixAddress = (path: string): string | undefined => {
  if (path === '') return 'names no socket';
  if (path.startsWith('@')) return undefined;
  return path.startsWith('/') && !path.endsWith('/') ? undefined : 'is no absolute path of a file';
};

export const isPort = (number: number): boolean => number >= 1 && number <= 65535;

/** One label of an object or a selection: a qualified name and a value of at most letters, digits, `-`, `_` and `.`. */
export const refuseLabelPair = (key: string, value: string): string | undefined => {
  const slash = key.lastIndexOf('/');
  const prefix = key.slice(0, Math.max(0, slash));
  const name = key.slice(slash + 1);
  const isPrefixed =
    slash < 0 || (prefix.length <= MAX_LABEL_PREFIX && prefix.split('.').every((part) => LABEL.test(part)));
  if (!isPrefixed || name.length > MAX_LABEL || !QUALIFIED.test(name)) return `"${key}" is no label name`;
  return value === '' || QUALIFIED.test(value) ? undefined : `"${value}" is no label value`;
};

/** The schema has seen to it that the text is a duration of at least 1ms; Envoy counts in whole milliseconds. */
export const refuseDuration = (text: string): string | undefined => {
  const ms = parseDuration(text);
  if (ms === undefined) return 'is no duration such as "10s"';
  if (ms < 1) return 'is shorter than 1ms';
  return Number.isInteger(ms) ? undefined : 'is not a whole number of milliseconds';
};

/** The words of the RE2 parser, or that the pattern is too long. */
export const refuseRegex = (source: string): string | undefined => {
  const compiled = compileRegex(source);
  return 'refused' in compiled ? compiled.refused : undefined;
};

const HTTP: ReadonlySet<string> = new Set(['http', 'http_proxy', 'http2', 'grpc', 'grpc-web']);
const TLS: ReadonlySet<string> = new Set(['https', 'tls']);
const OTHER: ReadonlySet<string> = new Set(['tcp', 'udp', 'mongo', 'redis', 'mysql']);

/** What Istio makes of a protocol's name, in any case; undefined for one it does not know. */
export const protocolFamily = (name: string): 'http' | 'tls' | 'other' | undefined => {
  const lower = name.toLowerCase();
  if (HTTP.has(lower)) return 'http';
  if (TLS.has(lower)) return 'tls';
  return OTHER.has(lower) ? 'other' : undefined;
};

/** Two hosts of one list that mean some name in common, by their positions. */
export interface Overlap {
  readonly first: number;
  readonly second: number;
}

/**
 * Hosts that are written twice or fall under a wildcard beside them, in the time of the hosts' length together: each
 * end of a host is looked up among the wildcards' ends, of the lengths there are.
 */
export const findOverlaps = (hosts: readonly string[]): readonly Overlap[] => {
  const exact = new Map<string, number>();
  const ends = new Map<string, number>();
  const overlaps: Overlap[] = [];
  const add = (one: number, other: number): void => {
    overlaps.push({ first: Math.min(one, other), second: Math.max(one, other) });
  };
  hosts.forEach((host, index) => {
    const earlier = exact.get(host);
    if (earlier !== undefined) add(earlier, index);
    else exact.set(host, index);
    if (host.startsWith('*') && earlier === undefined) ends.set(host.slice(1), index);
  });
  const lengths = [...new Set([...ends.keys()].map((end) => end.length))].sort((left, right) => left - right);
  for (const [host, index] of exact) {
    const text = host.startsWith('*') ? host.slice(1) : host;
    for (const length of lengths) {
      if (length > text.length) break;
      const other = ends.get(text.slice(text.length - length));
      if (other === undefined || other === index) continue;
      add(other, index);
      break;
    }
  }
  return overlaps;
};

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/;

export const isHeaderName = (name: string): boolean => HEADER_NAME.test(name);
