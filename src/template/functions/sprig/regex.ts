import { RE2JS, RE2JSException } from 're2js';
import { canBackquote, quote } from '../../fmt/quote.ts';
import { FunctionError, fixed, type Runtime, type TemplateFunction } from '../../functions.ts';
import { INT, STRING } from '../../type.ts';
import type { GoValue } from '../../value.ts';
import { orElse } from '../or-else.ts';
import { goStrings } from './make.ts';

/** One match: where it is and the texts of its groups, the whole first; undefined for a group that took no part. */
interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

interface Pattern {
  readonly source: string;
  readonly regex: RE2JS;
}

const compile = (source: string): Pattern => {
  try {
    return { source, regex: RE2JS.compile(source) };
  } catch (error) {
    if (error instanceof RE2JSException) throw new FunctionError(error.message);
    throw error;
  }
};

/** Go's MustCompile panics with the expression in front. */
const mustCompile = (source: string): Pattern => {
  try {
    return compile(source);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const quoted = canBackquote(source) ? `\`${source}\`` : quote(source);
    throw new FunctionError(`regexp: Compile(${quoted}): ${error.message}`);
  }
};

/** Up to `limit` matches from left to right, all where it is below 0; an empty one right behind another does not count. */
const matchesOf = ({ regex }: Pattern, text: string, limit: number): readonly Match[] => {
  const matcher = regex.matcher(text);
  const matches: Match[] = [];
  let previousEnd = -1;
  let from = 0;
  while (from <= text.length && (limit < 0 || matches.length < limit) && matcher.find(from)) {
    const start = matcher.start();
    const end = matcher.end();
    const isRepeated = end === from && start === previousEnd;
    from = end > from ? end : from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1);
    previousEnd = end;
    if (isRepeated) continue;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at) ?? undefined);
    matches.push({ start, end, groups });
  }
  return matches;
};

const TEMPLATE = /\$(?:\$|(\w+)|\{(\w+)\})/g;

/** `$1`, `${1}` and `${name}` in a replacement, as regexp.Expand reads them. */
const expand = ({ regex }: Pattern, replacement: string, match: Match): string =>
  replacement.replace(TEMPLATE, (_, bare: string | undefined, braced: string | undefined) => {
    const name = bare ?? braced;
    if (name === undefined) return '$';
    const number = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : regex.namedGroups()[name];
    return (number === undefined ? undefined : match.groups[number]) ?? '';
  });

const replace = (
  text: string,
  matches: readonly Match[],
  replacementOf: (match: Match) => string,
  runtime: Runtime,
): string => {
  let out = '';
  let at = 0;
  for (const match of matches) {
    const replacement = replacementOf(match);
    runtime.spend(replacement.length);
    out += text.slice(at, match.start) + replacement;
    at = match.end;
  }
  return out + text.slice(at);
};

const split = (pattern: Pattern, text: string, limit: number): readonly string[] | undefined => {
  if (limit === 0) return undefined;
  if (pattern.source !== '' && text === '') return [''];
  const parts: string[] = [];
  let begin = 0;
  let end = 0;
  for (const match of matchesOf(pattern, text, limit)) {
    if (limit > 0 && parts.length === limit - 1) break;
    end = match.start;
    if (match.end !== 0) parts.push(text.slice(begin, end));
    begin = match.end;
  }
  return end === text.length ? parts : [...parts, text.slice(begin)];
};

const findAll = (pattern: Pattern, text: string, limit: number): GoValue => {
  const found = matchesOf(pattern, text, limit).map(({ groups }) => groups[0] ?? '');
  return goStrings(found.length === 0 ? undefined : found);
};

/** A function on a pattern, plain and with `must`: they differ in the words for a pattern that does not compile. */
const pair = (name: string, make: (name: string, read: (source: string) => Pattern) => TemplateFunction) => [
  make(name, mustCompile),
  make(`must${name[0]?.toUpperCase()}${name.slice(1)}`, compile),
];

/** sprig's regular expressions, in RE2's syntax. */
export const regexFunctions: readonly TemplateFunction[] = [
  fixed('regexMatch', [STRING, STRING], (source, text) =>
    orElse(
      () => compile(source).regex.matcher(text).find(),
      () => false,
    ),
  ),
  fixed('mustRegexMatch', [STRING, STRING], (source, text) => compile(source).regex.matcher(text).find()),
  ...pair('regexFind', (name, read) =>
    fixed(name, [STRING, STRING], (source, text) => matchesOf(read(source), text, 1)[0]?.groups[0] ?? ''),
  ),
  ...pair('regexFindAll', (name, read) =>
    fixed(name, [STRING, STRING, INT], (source, text, limit) => findAll(read(source), text, Number(limit.value))),
  ),
  ...pair('regexSplit', (name, read) =>
    fixed(name, [STRING, STRING, INT], (source, text, limit) =>
      goStrings(split(read(source), text, Number(limit.value))),
    ),
  ),
  ...pair('regexReplaceAll', (name, read) =>
    fixed(name, [STRING, STRING, STRING], (source, text, replacement, runtime) => {
      const pattern = read(source);
      return replace(text, matchesOf(pattern, text, -1), (match) => expand(pattern, replacement, match), runtime);
    }),
  ),
  ...pair('regexReplaceAllLiteral', (name, read) =>
    fixed(name, [STRING, STRING, STRING], (source, text, replacement, runtime) =>
      replace(text, matchesOf(read(source), text, -1), () => replacement, runtime),
    ),
  ),
  fixed('regexQuoteMeta', [STRING], (text) => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')),
];
