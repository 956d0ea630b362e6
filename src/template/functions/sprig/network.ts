import { toBytes } from '../../bytes.ts';
import { quote } from '../../fmt/quote.ts';
import { FunctionError, fixed, type TemplateFunction } from '../../functions.ts';
import { ANY_MAP, STRING } from '../../type.ts';
import type { GoMap } from '../../value.ts';
import { goMap } from './make.ts';
import { kindName } from './reflection.ts';

/** A URL as Go's net/url takes it apart, escapes of the path decoded. */
interface Url {
  readonly scheme: string;
  readonly opaque: string;
  readonly userinfo: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

const fail = (text: string, reason: string): never => {
  throw new FunctionError(`unable to parse url: parse ${quote(text)}: ${reason}`);
};

const decodePath = (whole: string, text: string): string => {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/u.exec(text);
  if (wrong !== null) fail(whole, `invalid URL escape ${quote(wrong[0])}`);
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
};

const USERINFO = /^[\w.:~!$&'()*+,;=%@-]*$/;
const AUTHORITY = /^\/\/([^/]*)(.*)$/s;

/** A URL; what is wrong before the fragment is blamed on the text without it. */
const parseUrl = (whole: string): Url => {
  const [text = '', fragment = ''] = splitOnce(whole, '#');
  const url = parseBeforeFragment(text);
  return { ...url, fragment: decodePath(whole, fragment) };
};

const parseBeforeFragment = (text: string): Omit<Url, 'fragment'> => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\x00-\x1f\x7f]/.test(text)) fail(text, 'net/url: invalid control character in URL');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? '';
  if (text.startsWith(':')) fail(text, 'missing protocol scheme');
  const afterScheme = scheme === '' ? text : text.slice(scheme.length + 1);
  const [rest = '', query = ''] = splitOnce(afterScheme, '?');
  const empty = { scheme: scheme.toLowerCase(), opaque: '', userinfo: '', host: '', query };
  if (scheme !== '' && !rest.startsWith('/') && rest !== '') {
    return { ...empty, opaque: rest, path: '' };
  }
  if (scheme === '' && /^[^/]*:/.test(rest)) fail(text, 'first path segment in URL cannot contain colon');
  const [, authority, path = rest] = (rest.startsWith('///') ? null : AUTHORITY.exec(rest)) ?? [];
  const at = authority?.lastIndexOf('@') ?? -1;
  const userinfo = at < 0 ? '' : (authority ?? '').slice(0, at);
  if (!USERINFO.test(userinfo)) fail(text, 'net/url: invalid userinfo');
  const host = authority?.slice(at + 1) ?? '';
  if (/:[^\]]*[^0-9\]]/.test(host.replace(/^\[[^\]]*\]/, ''))) {
    fail(text, `invalid port ${quote(host.slice(host.lastIndexOf(':')))} after host`);
  }
  return {
    ...empty,
    userinfo,
    host,
    path: decodePath(text, path),
  };
};

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

const hostname = (host: string): string => /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '');

const urlParse = (text: string): GoMap => {
  const { scheme, host, path, query, opaque, fragment, userinfo } = parseUrl(text);
  return goMap(Object.entries({ scheme, host, hostname: hostname(host), path, query, opaque, fragment, userinfo }));
};

/** Percent-encodes what does not belong to `allowed`. */
const percentEncode = (text: string, allowed: RegExp): string =>
  Array.from(text, (char) =>
    allowed.test(char)
      ? char
      : Array.from(toBytes(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  ).join('');

const IN_PATH = /[\w.~$&+,/:;=@-]/;
const IN_FRAGMENT = /[\w.~$&+,/:;=@?!()*-]/;

const urlJoin = (parts: GoMap): string => {
  const part = (name: string): string => {
    const value = parts.entries?.get(name);
    if (value === undefined) return '';
    if (typeof value === 'string') return value;
    throw new FunctionError(`unable to parse ${name} key, must be of type string, but ${kindName(value)} found`);
  };
  const [scheme, host, path, opaque, userinfo] = ['scheme', 'host', 'path', 'opaque', 'userinfo'].map(part);
  const [query, fragment] = ['query', 'fragment'].map(part);
  let text = scheme ? `${scheme}:` : '';
  if (opaque) {
    text += opaque;
  } else {
    if (scheme || host || userinfo) {
      if (host || path || userinfo) text += host || userinfo || path?.startsWith('//') ? '//' : '';
      if (userinfo) text += `${userinfo}@`;
      text += host;
    }
    const escaped = percentEncode(path ?? '', IN_PATH);
    if (escaped !== '' && !escaped.startsWith('/') && host) text += '/';
    if (text === '' && /^[^/]*:/.test(escaped)) text += './';
    text += escaped;
  }
  return text + (query && `?${query}`) + (fragment && `#${percentEncode(fragment, IN_FRAGMENT)}`);
};

/** sprig's functions on URLs. Names are not looked up: what a chart renders to must not depend on the network. */
export const networkFunctions: readonly TemplateFunction[] = [
  fixed('urlParse', [STRING], urlParse),
  fixed('urlJoin', [ANY_MAP], urlJoin),
  fixed('getHostByName', [STRING], (name) => {
    throw new FunctionError(`heddle does not look up host names while it renders: ${name}`);
  }),
  fixed('fail', [STRING], (message) => {
    throw new FunctionError(message);
  }),
];
