import { CLUSTER, NETWORK } from './cluster-env.ts';

/** Names in paths that stand for other variables; the rest are variables in small letters. */
const NAMES: Readonly<Record<string, string>> = { cluster: CLUSTER, net: NETWORK };

/** Pairs behind `:ENV:` marks, an older form in which values may have slashes. */
const MARK = ':ENV:';

/**
 * The environment of proxies that the path of a webhook's URL says: `/inject/cluster/c1/net/n1`, with `--slash--` for a
 * slash in a value, or `/inject/:ENV:cluster=c1:ENV:net=n1`. A name without value is ignored.
 */
export const pathEnv = (path: string): Readonly<Record<string, string>> => {
  const [, rest = ''] = /^[^/]*\/[^/]*\/?(.*)$/s.exec(decode(path).replace(/\/$/, '')) ?? [];
  const pairs = rest.startsWith(MARK) ? markedPairs(rest) : slashedPairs(rest.split('/'));
  return Object.fromEntries(
    pairs
      .filter(([name]) => name !== '')
      .map(([name, value]) => [Object.hasOwn(NAMES, name) ? NAMES[name] : name.toUpperCase(), value]),
  );
};

const markedPairs = (text: string): readonly (readonly [name: string, value: string])[] =>
  text
    .split(MARK)
    .filter((pair) => pair.includes('='))
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);

const slashedPairs = (parts: readonly string[]): readonly (readonly [name: string, value: string])[] =>
  Array.from({ length: Math.floor(parts.length / 2) }, (_, index) => [
    parts[2 * index] ?? '',
    (parts[2 * index + 1] ?? '').replaceAll('--slash--', '/'),
  ]);

/** As HTTP servers decode paths; what is not encoded well stands for itself. */
const decode = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};
