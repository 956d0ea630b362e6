/** One file of an archive that is written. */
export interface ArchivedFile {
  /** With `/` between directories. */
  readonly path: string;
  readonly text: string;
}

const BLOCK = 512;
/** What a ustar header holds of a path. */
const SHORTEST_LONG_PATH = 101;

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** A ustar header; `0` is a file, `x` the pax records of the entry behind it. */
const header = (path: string, size: number, seconds: number, type: '0' | 'x'): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const put = (at: number, text: string): void => void block.write(text, at);
  put(0, path);
  put(100, octal(0o600, 8));
  put(108, octal(0, 8));
  put(116, octal(0, 8));
  put(124, octal(size, 12));
  put(136, octal(seconds, 12));
  // The checksum is counted as if its own field were blank.
  put(148, ' '.repeat(8));
  put(156, type);
  put(257, 'ustar\x0000');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
};

const padded = (bytes: Buffer): readonly Buffer[] => [bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];

/** A pax record counts itself in its length. */
const paxRecord = (key: string, value: string): Buffer => {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const digits = String(rest + String(rest).length).length;
  return Buffer.from(`${rest + digits} ${key}=${value}\n`);
};

const entry = ({ path, text }: ArchivedFile, seconds: number): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  const file = (name: string): readonly Buffer[] => [header(name, bytes.length, seconds, '0'), ...padded(bytes)];
  if (Buffer.byteLength(path) < SHORTEST_LONG_PATH) return file(path);
  const record = paxRecord('path', path);
  return [header('pax', record.length, seconds, 'x'), ...padded(record), ...file(path.slice(-50))];
};

/** A tar archive (ustar, pax where a path is long) of files that only their owner may read, dated `seconds` after 1970. */
export const writeTar = (files: readonly ArchivedFile[], seconds: number): Buffer =>
  Buffer.concat([...files.flatMap((file) => entry(file, seconds)), Buffer.alloc(2 * BLOCK)]);
