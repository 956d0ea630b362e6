/** The wire format of protocol buffers, as far as the messages that heddle writes and reads by hand go. */

/** A varint, or the bytes of what has a length. Fixed-width fields are skipped: no message here has one that counts. */
export type WireValue = number | Buffer;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
};

/** A field that is there only if it is not 0. */
export const numberField = (field: number, value: number): Buffer =>
  value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field * 8 + VARINT), varint(value)]);

export const fixed64Field = (field: number, value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint(field * 8 + FIXED64), bytes]);
};

/** A field of text, bytes or a message. */
export const bytesField = (field: number, value: string | Buffer): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([varint(field * 8 + LENGTH), varint(bytes.length), bytes]);
};

/** The same, and not there when empty. */
export const textField = (field: number, value: string): Buffer =>
  value === '' ? Buffer.alloc(0) : bytesField(field, value);

/** The fields of a message in their order; undefined when it is none. */
export const readFields = (bytes: Buffer): readonly (readonly [field: number, value: WireValue])[] | undefined => {
  const fields: (readonly [number, WireValue])[] = [];
  let at = 0;
  /** Of up to 64 bits, less exact beyond 2^53; -1 when it is cut off. */
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined) return -1;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    if (tag < 0 || field === 0) return undefined;
    switch (tag % 8) {
      case VARINT: {
        const value = readVarint();
        if (value < 0) return undefined;
        fields.push([field, value]);
        break;
      }
      case LENGTH: {
        const length = readVarint();
        if (length < 0 || at + length > bytes.length) return undefined;
        fields.push([field, bytes.subarray(at, at + length)]);
        at += length;
        break;
      }
      case FIXED64:
      case FIXED32:
        at += tag % 8 === FIXED64 ? 8 : 4;
        if (at > bytes.length) return undefined;
        break;
      default:
        return undefined;
    }
  }
  return fields;
};
