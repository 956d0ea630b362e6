/** One file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const DECODER = new TextDecoder();

const textAt = (block: Uint8Array, from: number, length: number): string => {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return DECODER.decode(end < 0 ? field : field.subarray(0, end));
};

/** A number of a header: octal digits, or with the highest bit set the bytes of the number itself. */
const numberAt = (block: Uint8Array, from: number, length: number): number => {
  const field = block.subarray(from, from + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    return field.reduce((value, byte, at) => value * 256 + (at === 0 ? byte & 0x7f : byte), 0);
  }
  return Number.parseInt(textAt(block, from, length).trim() || '0', 8);
};

/** The path that a pax header gives the entry behind it: records `LENGTH path=PATH`. */
const paxPath = (bytes: Uint8Array): string | undefined => {
  let path: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(textAt(bytes, at, 20), 10);
    if (!(length > 0)) return path;
    const [, key, value] = /^\d+ ([^=]*)=(.*)\n$/s.exec(DECODER.decode(bytes.subarray(at, at + length))) ?? [];
    if (key === 'path') path = value;
    at += length;
  }
  return path;
};

/**
 * The files of a tar archive (ustar, pax, GNU), in order; directories, links and devices are left out. A sentence where the
 * archive is cut off or broken.
 */
export const readTar = (bytes: Uint8Array): readonly TarFile[] | string => {
  const files: TarFile[] = [];
  let given: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    const size = numberAt(header, 124, 12);
    const start = at + BLOCK;
    if (!(size >= 0) || start + size > bytes.length) return `it ends within an entry at byte ${at}`;
    const content = bytes.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    const kind = textAt(header, 156, 1);
    if (kind === 'x') given = paxPath(content);
    else if (kind === 'L') given = textAt(content, 0, content.length);
    else if (kind !== 'g') {
      const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : '';
      const name = textAt(header, 0, 100);
      const path = given ?? (prefix === '' ? name : `${prefix}/${name}`);
      given = undefined;
      if ((kind === '' || kind === '0' || kind === '7') && !path.endsWith('/')) files.push({ path, bytes: content });
    }
  }
  return files;
};
