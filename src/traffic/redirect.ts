import type { RouteAction } from './tables.ts';

type Redirect = Extract<RouteAction, { readonly kind: 'redirect' }>;

/** The Location header of a redirect. `request.scheme` is the scheme the client used; `path` includes the query. */
export const redirectLocation = (
  action: Redirect,
  request: { readonly scheme: string; readonly authority: string; readonly path: string },
): string => {
  const scheme = action.scheme ?? request.scheme;
  const port = action.port === undefined ? '' : `:${action.port}`;
  const host = action.authority ?? requestHost(request, scheme, port !== '');
  const path = redirectPath(action, request.path);
  return `${scheme}://${host}${port}${path.startsWith('/') ? '' : '/'}${path}`;
};

/** A new port replaces the one in Host; a default port that a changed scheme would falsify is dropped (Envoy). */
const requestHost = (
  request: { readonly scheme: string; readonly authority: string },
  scheme: string,
  hasNewPort: boolean,
): string => {
  const { authority } = request;
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.endsWith(']')) return authority;
  const port = authority.slice(colon + 1);
  const falsified =
    scheme !== request.scheme &&
    ((request.scheme === 'https' && port === '443') || (request.scheme === 'http' && port === '80'));
  return hasNewPort || falsified ? authority.slice(0, colon) : authority;
};

const redirectPath = (action: Redirect, path: string): string => {
  const rule = action.path;
  if (rule === undefined) return path;
  const mark = path.indexOf('?');
  const query = mark < 0 ? '' : path.slice(mark);
  if (rule.kind === 'replace-prefix') {
    const bare = mark < 0 ? path : path.slice(0, mark);
    return rule.value + bare.slice(rule.prefix.length) + query;
  }
  // A query of the configuration's own replaces the request's.
  return rule.value.includes('?') ? rule.value : rule.value + query;
};
