import { RE2JS, RE2JSException } from 're2js';

/** A compiled RE2 pattern; `test` holds for a match of the whole text, as Envoy's `safe_regex` does. */
export interface Regex {
  readonly source: string;
  readonly test: (text: string) => boolean;
  /** Replaces every match; `rewrite` refers to groups as RE2 does (`\1`, and `\\` for a backslash). */
  readonly replaceAll: (text: string, rewrite: string) => string;
}

/** Istio's webhook refuses longer patterns, and so do we: they cost memory, not meaning. */
const MAX_SOURCE_LENGTH = 1024;
const MAX_CACHED = 1000;

const cache = new Map<string, Regex>();

/** Compiles RE2 syntax; never throws: a refusal carries the words of the parser. */
export const compileRegex = (source: string): Regex | { readonly refused: string } => {
  const known = cache.get(source);
  if (known !== undefined) return known;
  if (source.length > MAX_SOURCE_LENGTH) return { refused: `regex is longer than ${MAX_SOURCE_LENGTH} characters` };
  try {
    const pattern = RE2JS.compile(source);
    const regex: Regex = {
      source,
      // Common in configurations and true of anything that fits on a line, which paths and header values always do.
      test: source === '.*' ? () => true : (text) => pattern.testExact(text),
      replaceAll: (text, rewrite) => pattern.matcher(text).replaceAll(toReplacement(rewrite)),
    };
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(source, regex);
    return regex;
  } catch (error) {
    if (error instanceof RE2JSException) return { refused: error.message };
    throw error;
  }
};

/** RE2 writes groups `\1` and a backslash `\\`; re2js writes groups as JavaScript does, where a dollar sign is doubled. */
const toReplacement = (rewrite: string): string =>
  rewrite.replace(/\\(\d)|\\\\|\$/g, (found, group: string | undefined) => {
    if (group !== undefined) return `$${group === '0' ? '&' : group}`;
    return found === '$' ? '$$' : '\\';
  });
