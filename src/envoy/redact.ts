import { isObject, type JsonObject, jsonName } from './json.ts';

const REDACTED = '[redacted]';
/** What Envoy itself writes where bytes were secret. */
const REDACTED_BYTES = Buffer.from(REDACTED).toString('base64');

/** Fields, in any spelling, below which every inline text is secret. */
const SECRET_FIELDS = new Set(
  [
    'private_key',
    'private_key_provider',
    'password',
    'auth_password',
    'session_ticket_keys',
    'generic_secret',
    'secret_access_key',
    'session_token',
    'access_token',
    'refresh_token',
    'authorization_token',
    'client_secret',
    'hmac_secret',
    'token_secret',
    'json_key',
    'api_key',
    'token',
    // Of the basic auth filter.
    'users',
  ].flatMap((field) => [field, jsonName(field)]),
);

const INLINE_TEXT = new Set(['inline_string', 'inlineString']);
const INLINE_BYTES = new Set(['inline_bytes', 'inlineBytes']);

const SECRET_HEADERS = /^(proxy-)?authorization$|^(set-)?cookie$|^x-(api-key|auth-token|amz-security-token)$/i;

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** A JSON Web Token: header and payload are JSON objects in base64url. */
const TOKEN = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g;
/** Members of a JSON Web Key that only its owner may know. */
const PRIVATE_JWK = /"(k|d|p|q|dp|dq|qi)"\s*:\s*"/;
const PEM_IN_BASE64 = 'LS0tLS1CRUdJTi';

const redactText = (text: string): string => {
  if (text.length < 16) return text;
  if (PRIVATE_KEY.test(text) || (text.includes('"kty"') && PRIVATE_JWK.test(text))) return REDACTED;
  if (text.startsWith(PEM_IN_BASE64) && PRIVATE_KEY.test(Buffer.from(text, 'base64').toString('latin1')))
    return REDACTED_BYTES;
  return text.includes('eyJ') ? text.replace(TOKEN, REDACTED) : text;
};

/** Below a secret field: what is given inline goes, references to files and to SDS stay. */
const redactSecret = (value: unknown, field: string): unknown => {
  if (typeof value === 'string') {
    if (INLINE_BYTES.has(field)) return REDACTED_BYTES;
    return INLINE_TEXT.has(field) || SECRET_FIELDS.has(field) ? REDACTED : redactText(value);
  }
  if (Array.isArray(value)) return value.map((item) => redactSecret(item, field));
  if (!isObject(value)) return value;
  return mapFields(value, redactSecret);
};

const mapFields = (value: JsonObject, change: (value: unknown, field: string) => unknown): JsonObject => {
  const fields: Record<string, unknown> = {};
  for (const field in value) fields[field] = change(value[field], field);
  return fields;
};

/** A header that is added, or one that is looked for: Envoy calls the name `key` in the first and `name` in the second. */
const isSecretHeader = ({ key, name }: JsonObject): boolean =>
  [key, name].some((header) => typeof header === 'string' && SECRET_HEADERS.test(header));

const HEADER_VALUES = new Set(['value', 'raw_value', 'rawValue', 'exact', 'exact_match', 'exactMatch']);

const redactHeader = (value: unknown, field: string): unknown => {
  if (typeof value === 'string') return HEADER_VALUES.has(field) ? REDACTED : redactText(value);
  return isObject(value) ? mapFields(value, redactHeader) : redact(value, field);
};

/** Whether a value is secret for the field it stands in or for a field beside it, so that its parts alone may not tell. */
export const isSecret = (value: unknown, field: string): boolean =>
  SECRET_FIELDS.has(field) || (isObject(value) && isSecretHeader(value));

/**
 * A copy of an Envoy document without its secrets: private keys, passwords, tokens, session ticket keys, credentials
 * in headers. Envoy hides most of them itself; this does not rely on it.
 */
export const redact = (value: unknown, field = ''): unknown => {
  if (typeof value === 'string') return SECRET_FIELDS.has(field) ? REDACTED : redactText(value);
  if (Array.isArray(value)) return value.map((item) => redact(item, field));
  if (!isObject(value)) return value;
  if (SECRET_FIELDS.has(field)) return redactSecret(value, field);
  return mapFields(value, isSecretHeader(value) ? redactHeader : redact);
};
