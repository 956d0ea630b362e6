import { Environment } from '@marcbachmann/cel-js';
import { findsMatch } from '../../traffic/telemetry/expression.ts';
import { parseRequestUri } from './request-uri.ts';
import { isIpAddress } from './text-rules.ts';

/** A URL as the rules hold it. */
class Url {
  readonly scheme: string;

  constructor(text: string) {
    const parsed = parseRequestUri(text);
    if (parsed === undefined) throw new Error('not a URL');
    this.scheme = parsed.scheme;
  }
}

/** The constant `format` of the API server: a box of named formats. */
class Formats {}

class NamedFormat {
  readonly pattern: RegExp;
  readonly maxLength: number;

  constructor(pattern: RegExp, maxLength: number) {
    this.pattern = pattern;
    this.maxLength = maxLength;
  }
}

/** What `validate` answers: a value when the text is wrong. */
class FormatVerdict {
  readonly isWrong: boolean;

  constructor(isWrong: boolean) {
    this.isWrong = isWrong;
  }
}

const SUBDOMAIN = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*';
const DNS_SUBDOMAIN = new NamedFormat(new RegExp(`^${SUBDOMAIN}$`), 253);
const QUALIFIED_NAME = new NamedFormat(
  new RegExp(`^(?:${SUBDOMAIN}/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
  253 + 1 + 63,
);

const createEnvironment = (): Environment =>
  new Environment({ homogeneousAggregateLiterals: false })
    .registerVariable('self', 'dyn')
    .registerType('Url', Url)
    .registerType('Formats', Formats)
    .registerType('NamedFormat', NamedFormat)
    .registerType('FormatVerdict', FormatVerdict)
    .registerConstant('format', 'Formats', new Formats())
    .registerFunction('isURL(string): bool', (text: string) => parseRequestUri(text) !== undefined)
    .registerFunction('url(string): Url', (text: string) => new Url(text))
    .registerFunction('Url.getScheme(): string', (url: Url) => url.scheme)
    .registerFunction('isIP(string): bool', isIpAddress)
    .registerFunction('string.findsMatch(string): bool', findsMatch)
    .registerFunction('Formats.qualifiedName(): NamedFormat', () => QUALIFIED_NAME)
    .registerFunction('Formats.dns1123Subdomain(): NamedFormat', () => DNS_SUBDOMAIN)
    .registerFunction(
      'NamedFormat.validate(string): FormatVerdict',
      ({ pattern, maxLength }: NamedFormat, text: string) =>
        new FormatVerdict(text.length > maxLength || !pattern.test(text)),
    )
    .registerFunction('FormatVerdict.hasValue(): bool', ({ isWrong }: FormatVerdict) => isWrong);

type Program = (context: { readonly self: unknown }) => unknown;

/**
 * A rule in the evaluator's words. Its own `matches` uses JavaScript's regexes, which can be made to run forever, and
 * cannot be replaced; its `has` takes no index on the way to the field.
 */
const adapt = (rule: string): string =>
  rule.replaceAll('.matches(', '.findsMatch(').replaceAll(/\bhas\(([\w.]+\[\d+\][\w.[\]]*?)\.(\w+)\)/g, '("$2" in $1)');

let environment: Environment | undefined;
const programs = new Map<string, Program>();

/**
 * Whether a value obeys a rule of the generated schemas; `self` is the value as CEL has it (integers as bigint, mappings
 * without prototype). A rule that ends in an error, such as a missing key, is broken, as in the API server. Rules that
 * compare with the stored object hold: there is none. The evaluator knows what the rules use of the API server's
 * libraries; it counts no steps, because the schemas bound every list and text a rule walks, and are checked before.
 */
export const obeys = (rule: string, self: unknown): boolean => {
  if (/\boldSelf\b/.test(rule)) return true;
  let program = programs.get(rule);
  if (program === undefined) {
    environment ??= createEnvironment();
    program = environment.parse(adapt(rule));
    programs.set(rule, program);
  }
  try {
    return program({ self }) === true;
  } catch {
    return false;
  }
};
