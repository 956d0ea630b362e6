/** The frames of HTTP/2 (RFC 9113 4 and 6). Outgoing ones are latin1 texts, as everything a link writes. */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITIZED = 0x20;

export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const INTERNAL_ERROR = 2;
export const FLOW_CONTROL_ERROR = 3;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const ENHANCE_YOUR_CALM = 11;

export const ENABLE_PUSH = 2;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
export const MAX_FRAME_SIZE = 5;

export const FRAME_HEADER_BYTES = 9;
/** The least that every peer takes, and all that we do. */
export const FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW = 65_535;
export const MAX_WINDOW = 0x7f_ff_ff_ff;

/** What a client says first. */
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const frameHeader = (length: number, type: number, flags: number, stream: number): string =>
  String.fromCharCode(length >>> 16, (length >>> 8) & 0xff, length & 0xff, type, flags) + word(stream);

/** Four bytes. */
const word = (value: number): string =>
  String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);

/** A header block as one HEADERS frame and as many CONTINUATION frames as it takes. */
export const headerFrames = (block: string, stream: number, flags: number): string => {
  if (block.length <= FRAME_BYTES) return frameHeader(block.length, HEADERS, flags | END_HEADERS, stream) + block;
  let frames = '';
  for (let at = 0; at < block.length; at += FRAME_BYTES) {
    const part = block.slice(at, at + FRAME_BYTES);
    const end = at + FRAME_BYTES >= block.length ? END_HEADERS : 0;
    frames +=
      at === 0
        ? frameHeader(part.length, HEADERS, flags | end, stream)
        : frameHeader(part.length, CONTINUATION, end, stream);
    frames += part;
  }
  return frames;
};

export const resetFrame = (stream: number, code: number): string => frameHeader(4, RST_STREAM, 0, stream) + word(code);

export const windowUpdate = (stream: number, bytes: number): string =>
  frameHeader(4, WINDOW_UPDATE, 0, stream) + word(bytes);

export const goAway = (lastStream: number, code: number): string =>
  frameHeader(8, GOAWAY, 0, 0) + word(lastStream) + word(code);

/** `settings` are identifiers and values in turn. */
export const settingsFrame = (...settings: readonly number[]): string => {
  let payload = '';
  for (let at = 0; at + 1 < settings.length; at += 2) {
    payload += word(settings[at] ?? 0).slice(2) + word(settings[at + 1] ?? 0);
  }
  return frameHeader(payload.length, SETTINGS, 0, 0) + payload;
};

export const settingsAck = frameHeader(0, SETTINGS, ACK, 0);
