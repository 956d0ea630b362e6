/** Why no connection came about, in Envoy's words for access logs and error bodies. */
export interface ConnectFailure {
  /** `remote connection failure` or `connection timeout`. */
  readonly reason: string;
  /** `delayed connect error: Connection refused`, `TLS_error: ...`; empty for a timeout. */
  readonly transport: string;
}

export const connectTimeout: ConnectFailure = { reason: 'connection timeout', transport: '' };

const SYSTEM_WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'Connection refused'],
  ['ECONNRESET', 'Connection reset by peer'],
  ['EHOSTUNREACH', 'No route to host'],
  ['ENETUNREACH', 'Network is unreachable'],
  ['ETIMEDOUT', 'Connection timed out'],
  ['EADDRNOTAVAIL', 'Cannot assign requested address'],
]);

/** Names the failure of a socket that closed before it was connected (and, for TLS, its handshake done). */
export const connectFailureOf = (error: Error | undefined, isTls: boolean): ConnectFailure => {
  const code = error === undefined ? '' : String(Reflect.get(error, 'code') ?? '');
  const words = SYSTEM_WORDS.get(code);
  const reason = 'remote connection failure';
  if (words !== undefined && !(isTls && code === 'ECONNRESET')) {
    return { reason, transport: `delayed connect error: ${words}` };
  }
  if (!isTls) return { reason, transport: `delayed connect error: ${code}` };
  const cause = code === '' || code === 'ECONNRESET' ? 'connection closed during the handshake' : `${code}`;
  return { reason, transport: `TLS_error:|${cause}:TLS_error_end` };
};
