import type { RequestHead } from '../../traffic/request.ts';
import type { Claims } from '../../traffic/token-rules.ts';
import type { Head } from './head.ts';
import { idOf } from './header-names.ts';

const HOST = idOf('host');
const ABSOLUTE = /^https?:\/\/([^/?#@]+)(?=[/?]|$)/i;

/** A received request as decisions see it; one object serves a connection. */
export class RequestView implements RequestHead {
  readonly head: Head;
  method = '';
  /** Path and query; `normalizePath` is the exchange's business. */
  path = '';
  authority = '';
  scheme = 'http';
  /** The client wrote a whole URL; its host counts, not the Host header (RFC 9112 3.2.2). */
  isAbsolute = false;
  /** Of its token, once that was verified. */
  claims: Claims | undefined = undefined;

  constructor(head: Head) {
    this.head = head;
  }

  /** Takes over what there is of a head that was refused, for its record. */
  clear(): void {
    this.method = '';
    this.authority = '';
    this.path = '';
    this.scheme = 'http';
    this.isAbsolute = false;
    this.claims = undefined;
    if (this.head.text !== '') this.read();
  }

  /** Takes over a parsed head; false when the target has a form that no proxy can serve. */
  read(): boolean {
    const { head } = this;
    const { target } = head;
    this.method = head.method;
    this.isAbsolute = false;
    this.claims = undefined;
    if (target.startsWith('/') || target === '*') {
      this.authority = head.value(HOST);
      this.path = target;
      return true;
    }
    if (head.method === 'CONNECT') {
      this.authority = target;
      this.path = '';
      return true;
    }
    const match = ABSOLUTE.exec(target);
    if (match === null) return false;
    this.isAbsolute = true;
    this.authority = match[1] ?? '';
    const rest = target.slice(match[0].length);
    this.path = rest.startsWith('/') ? rest : `/${rest}`;
    return true;
  }

  /** The client knows the service by another name than the mesh does. */
  rename(authority: string): void {
    this.authority = authority;
    this.isAbsolute = true;
  }

  headerValues(name: string): readonly string[] {
    return this.head.values(name);
  }
}
