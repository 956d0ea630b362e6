/** One element of DER: its tag, all of its bytes, and those of its content. */
export interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

const lengthOf = (size: number): readonly number[] => {
  if (size < 0x80) return [size];
  const hex = size.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return [0x80 | bytes.length, ...bytes];
};

/** An element of a tag around others or around raw content. */
export const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(content.length)), content]);
};

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);

/** A whole number that is not negative, from its bytes, the highest first. */
export const integer = (bytes: Uint8Array): Uint8Array => {
  const start = bytes.findIndex((byte) => byte !== 0);
  const significant = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return der(0x02, (significant[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...significant) : significant);
};

/** An object identifier, `2.5.29.15`. */
export const identifier = (dotted: string): Uint8Array => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((value) => {
    const groups = [value & 0x7f];
    for (let left = value >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Uint8Array.from(bytes));
};

/** The elements that stand one after another in some content. */
export const elementsOf = (content: Uint8Array): readonly Element[] => {
  const elements: Element[] = [];
  for (let at = 0; at < content.length; ) {
    const first = content[at + 1] ?? 0;
    const extra = first >= 0x80 ? first & 0x7f : 0;
    const start = at + 2 + extra;
    const size = extra === 0 ? first : content.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
    elements.push({
      tag: content[at] ?? 0,
      bytes: content.subarray(at, start + size),
      content: content.subarray(start, start + size),
    });
    at = start + size;
  }
  return elements;
};
