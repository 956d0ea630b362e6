import { type Receive, serveHttp, serveHttp2 } from '../http-service.ts';
import type { Link } from '../link.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { awaitFirstBytes } from './first-bytes.ts';
import { sniffPreface } from './sniff.ts';

/** Serves a connection that is HTTP of either version: its first bytes say which. */
export const serveEitherHttp = (
  state: ProxyState,
  link: Link,
  place: Place,
  first: Buffer | undefined,
  receive?: Receive,
): void => {
  const decide = (bytes: Buffer): boolean => {
    const kind = sniffPreface(bytes);
    if (kind === 'more') return false;
    const serve = kind === 'http2' ? serveHttp2 : serveHttp;
    serve(state, link, place, receive).onBytes(bytes, 0, bytes.length);
    return true;
  };
  awaitFirstBytes(state, link, decide, first);
};
