/** What Go's net/url takes: letters of RFC 3986 in a host, and the few it is lenient about. */
const HOST = /^(?:[\w.~!$&'()*+,;=:"<>-]|%[0-9a-fA-F]{2}|[^\0-\x7f])*$/;
const BRACKETED = /^\[[^\]]*\](?::\d*)?$/;
const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;

const hasControlCharacter = (text: string): boolean =>
  [...text].some((character) => character < ' ' || character === '\x7f');

const withoutPort = (authority: string): string | undefined => {
  if (authority.startsWith('[')) {
    return BRACKETED.test(authority) ? authority.slice(1, authority.indexOf(']')) : undefined;
  }
  const colon = authority.lastIndexOf(':');
  if (colon >= 0 && !/^\d*$/.test(authority.slice(colon + 1))) return undefined;
  const host = colon < 0 ? authority : authority.slice(0, colon);
  return HOST.test(host) ? host : undefined;
};

/**
 * The host of a URL as Go's url.Parse finds it, which Kubernetes uses for webhooks: empty for `host:port/path`, where the
 * host passes for a scheme. Undefined for what it would refuse.
 */
export const hostOfUrl = (text: string): string | undefined => {
  if (hasControlCharacter(text) || text.startsWith(':')) return undefined;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text)?.[0] ?? '';
  const rest = (text.slice(scheme.length).split('#', 1)[0] ?? '').split('?', 1)[0] ?? '';
  if (!rest.startsWith('//')) {
    if (scheme !== '' && !rest.startsWith('/')) return '';
    const first = rest.split('/', 1)[0] ?? '';
    return first.includes(':') || BAD_ESCAPE.test(rest) ? undefined : '';
  }
  const [authority = '', ...path] = rest.slice(2).split('/');
  if (BAD_ESCAPE.test(path.join('/'))) return undefined;
  return withoutPort(authority.slice(authority.lastIndexOf('@') + 1));
};
