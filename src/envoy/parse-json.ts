import type { Problem } from '../base/problem.ts';

/** A JSON text's value, or why it has none: a Problem whose message goes on after the text's name. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: Problem };

const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`;
};

/** What a text that is no JSON looks like from its first characters, which are not repeated: they may be secret. */
const lookOf = (text: string): string => {
  if (text.startsWith('-----BEGIN')) return 'a PEM file';
  if (text.startsWith('<')) return 'HTML or XML';
  if (text.startsWith('\u001f')) return 'compressed';
  if (/^([\w.-]+:(\s|$)|---)/.test(text)) return 'YAML';
  if (/^\S+::\S+::/.test(text)) return "the text form of Envoy's /clusters";
  return 'something else';
};

const HINT = "save Envoy's answer whole: curl -sf 'localhost:15000/config_dump?include_eds=true' > dump.json";

const problem = (code: string, message: string): ParsedJson => ({
  problem: { severity: 'error', code, message, hint: HINT },
});

/** Parses the text of a dump; says of a text that is cut off where it ends, and of one that is no JSON what it seems. */
export const parseJson = (text: string): ParsedJson => {
  const end = text.trimEnd().length;
  if (end === 0) return problem('EMPTY_DUMP', 'is empty');
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    if (!/^\s*[[{]/.test(text)) return problem('NOT_JSON', `is not JSON but looks like ${lookOf(text.trimStart())}`);
    const offset = Number(/at position (\d+)/.exec(reason)?.[1] ?? (reason.includes('end of JSON') ? end : Number.NaN));
    if (reason.startsWith('Unterminated') || offset >= end)
      return problem('TRUNCATED_DUMP', `ends in the middle of a value, at ${placeOf(text, end)}: it is cut off`);
    return problem('NOT_JSON', Number.isNaN(offset) ? 'is not JSON' : `is not JSON: see ${placeOf(text, offset)}`);
  }
};
