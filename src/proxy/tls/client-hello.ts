/** The first byte of a TLS record that carries a handshake. */
export const TLS_HANDSHAKE = 0x16;

const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
/** A ClientHello longer than this is none that a sidecar sends. */
const MAX_HELLO_BYTES = 16 * 1024;

/**
 * Whether a ClientHello offers one of Istio's ALPN protocols, which tells a sidecar's mutual TLS from TLS that is the
 * application's own. `more` while the record is incomplete; anything malformed counts as the application's.
 */
export const offersIstio = (bytes: Buffer): 'istio' | 'other' | 'more' => {
  if (bytes.length < 5) return 'more';
  const end = 5 + bytes.readUInt16BE(3);
  if (end > MAX_HELLO_BYTES) return 'other';
  if (bytes.length < end) return 'more';
  const alpn = findExtension(bytes.subarray(5, end), EXTENSION_ALPN);
  if (alpn === undefined) return 'other';
  // RFC 7301 3.1: a list of length-prefixed names behind its own length.
  for (let at = 2; at < alpn.length; at += 1 + (alpn[at] ?? 0)) {
    if (alpn.toString('latin1', at + 1, at + 6) === 'istio') return 'istio';
  }
  return 'other';
};

/** The server name that a complete ClientHello asks for; empty when it names none or is malformed. */
export const serverNameOf = (bytes: Buffer): string => {
  const names = findExtension(bytes.subarray(5), EXTENSION_SERVER_NAME);
  // RFC 6066 3: the length of the list, one type (0, a host name), the length of the name.
  if (names === undefined || names.length < 5 || names[2] !== 0) return '';
  const name = names.toString('latin1', 5, 5 + names.readUInt16BE(3));
  // It goes into logs; no host name has other characters.
  return /^[\w.-]+$/.test(name) ? name : '';
};

/** RFC 8446 4.1.2: version, random, session id, cipher suites, compression methods, extensions. */
const findExtension = (hello: Buffer, wanted: number): Buffer | undefined => {
  if (hello[0] !== CLIENT_HELLO) return undefined;
  let at = 4 + 2 + 32;
  at += 1 + (hello[at] ?? 0);
  if (at + 2 > hello.length) return undefined;
  at += 2 + hello.readUInt16BE(at);
  at += 1 + (hello[at] ?? 0);
  at += 2;
  while (at + 4 <= hello.length) {
    const length = hello.readUInt16BE(at + 2);
    if (hello.readUInt16BE(at) === wanted) return hello.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
};

/** The server name of a ClientHello, lower case; undefined while it is incomplete. */
export const awaitServerName = (bytes: Buffer): string | undefined => {
  if (bytes.length < 5) return undefined;
  const end = 5 + bytes.readUInt16BE(3);
  if (bytes.length < end && end <= MAX_HELLO_BYTES) return undefined;
  return serverNameOf(bytes).toLowerCase();
};
