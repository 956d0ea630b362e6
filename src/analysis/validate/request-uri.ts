/** What CEL's `url()` knows of a URL. */
export interface RequestUri {
  /** Lower case; empty for an absolute path. */
  readonly scheme: string;
}

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;
const HOST = /^[-\w.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]*$/;
const IP_LITERAL = /^\[[^\]]*\](?::\d*)?$/;
const USER = /^[-\w.:~!$&'()*+,;=%@]*$/;

const hasControl = (text: string): boolean => [...text].some((character) => character < ' ' || character === '\u007f');

const isAuthority = (authority: string): boolean => {
  const at = authority.lastIndexOf('@');
  const [user, host] = [authority.slice(0, Math.max(0, at)), authority.slice(at + 1)];
  if (!USER.test(user) || !HOST.test(host) || BAD_ESCAPE.test(authority)) return false;
  if (host.startsWith('[')) return IP_LITERAL.test(host);
  const colon = host.lastIndexOf(':');
  return colon < 0 || /^\d*$/.test(host.slice(colon + 1));
};

/**
 * Reads an absolute URL or path as Go's url.ParseRequestURI does, which is what CEL's `isURL` and `url` of the API
 * server are made of. Undefined for what is none.
 */
export const parseRequestUri = (text: string): RequestUri | undefined => {
  if (text === '' || hasControl(text)) return undefined;
  if (text === '*') return { scheme: '' };
  const [whole = '', name] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?/.exec(text) ?? [];
  if (name === undefined && text.startsWith(':')) return undefined;
  const scheme = (name ?? '').toLowerCase();
  const rest = text.slice(whole.length).split('?', 1)[0] ?? '';
  if (!rest.startsWith('/')) return scheme === '' ? undefined : { scheme };
  if (scheme === '' || !rest.startsWith('//')) return BAD_ESCAPE.test(rest) ? undefined : { scheme };
  const slash = rest.indexOf('/', 2);
  const authority = rest.slice(2, slash < 0 ? rest.length : slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  return isAuthority(authority) && !BAD_ESCAPE.test(path) ? { scheme } : undefined;
};
