import { redact as redactEnvoy } from '../../envoy/redact.ts';
import { isObject } from '../../model/value.ts';

const REDACTED = '[redacted]';

const SECRET_WORDS =
  'pass(?:word|wd|phrase)?|pwd|secrets?|tokens?|credentials?|(?:api|access|private|encryption|signing|secret|session)[_-]?key';
const SECRET_HEADERS = '(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api-key|auth-token|amz-security-token)';

/** `DB_PASSWORD`, `clientSecret`, `x-api-key`: names whose value nobody else may know. */
const SECRET_NAME = new RegExp(`(?:${SECRET_WORDS}|${SECRET_HEADERS})$`, 'i');
const SECRET_HEADER = new RegExp(`^(?:request\\.headers\\[)?(?:${SECRET_HEADERS})\\]?$`, 'i');

/** A value in the quotes it stands in, which may be escaped, or up to what ends one without. */
const valueUpTo = (end: string): string => `(?:(\\\\*["'])(?:(?!\\2)[^\\r\\n])*\\2|[^${end}]+)`;
const WORD_END = `\\s"'\\\\,;&}\\])`;
const ASSIGNMENT = `\\\\*["']?\\s*[:=]\\s*`;

const assigned = (names: string, end: string): RegExp =>
  new RegExp(`((?:${names})${ASSIGNMENT})${valueUpTo(end)}`, 'gi');

/** What is secret wherever it is found, and what of it stays. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // The end may be missing where a line or a log was cut.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, REDACTED],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, REDACTED],
  [/(\/\/[^\s/:@"']*:)[^\s/@"']+@/g, `$1${REDACTED}@`],
  [assigned(SECRET_HEADERS, '\\r\\n"'), `$1$2${REDACTED}$2`],
  [/\b(Bearer|Basic|Digest|Negotiate)(\s+)(?!\[)[\w.~+/=-]{4,}/gi, `$1$2${REDACTED}`],
  [assigned(SECRET_WORDS, WORD_END), `$1$2${REDACTED}$2`],
  // A variable of a container, in YAML or JSON within a text.
  [
    new RegExp(
      `(\\b(?:name|key)${ASSIGNMENT}\\\\*["']?[\\w.-]*(?:${SECRET_WORDS})\\\\*["']?\\s*,?\\s*\\\\*["']?value${ASSIGNMENT})${valueUpTo(WORD_END)}`,
      'gi',
    ),
    `$1$2${REDACTED}$2`,
  ],
];

const PEM_IN_BASE64 = /LS0tLS1CRUdJTi[A-Za-z0-9+/]+=*/g;

const withoutEncodedKey = (encoded: string): string =>
  Buffer.from(encoded, 'base64').toString('latin1').includes('PRIVATE KEY') ? REDACTED : encoded;

/** A text such as a log, without keys, tokens, passwords and the credentials of headers and addresses. */
export const redactText = (text: string): string =>
  PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text).replace(
    PEM_IN_BASE64,
    withoutEncodedKey,
  );

const redactAll = (value: unknown): unknown => {
  if (typeof value === 'string') return REDACTED;
  if (Array.isArray(value)) return value.map(redactAll);
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactAll(inner)]))
    : value;
};

const VALUES = new Set(['value', 'values', 'notValues', 'exact', 'prefix', 'regex']);

/** Whether a name and value stand side by side, as of a variable, a header or a condition, and the value is secret. */
const isSecretPair = ({ name, key }: Readonly<Record<string, unknown>>): boolean =>
  [name, key].some((each) => typeof each === 'string' && (SECRET_NAME.test(each) || SECRET_HEADER.test(each)));

const redactFields = (value: unknown): unknown => {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactFields);
  if (!isObject(value)) return value;
  const isPair = isSecretPair(value);
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      const isSecret =
        (isPair && VALUES.has(field)) ||
        SECRET_HEADER.test(field) ||
        (typeof inner === 'string' && SECRET_NAME.test(field));
      return [field, isSecret ? redactAll(inner) : redactFields(inner)];
    }),
  );
};

/** A copy of a Kubernetes object or of an answer of Envoy or istiod without its secrets. */
export const redactValue = (value: unknown): unknown => redactFields(redactEnvoy(value));

/** The same of JSON text, and of what is none as of any text. */
export const redactJson = (text: string): string => {
  try {
    return `${JSON.stringify(redactValue(JSON.parse(text)), null, 1)}\n`;
  } catch {
    return redactText(text);
  }
};
