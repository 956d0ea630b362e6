import { gunzipSync } from 'node:zlib';
import { Fault } from '../../base/fault.ts';
import { readTar } from '../../install/chart/tar.ts';

/** As helm limits them, in bytes: all of a packed chart, and one file of it. */
const LARGEST_CHART = 100 * 1024 * 1024;
const LARGEST_FILE = 5 * 1024 * 1024;
/** How deep a packed chart may be within packed charts. */
const DEEPEST = 8;

const broken = (path: string, why: string, cause?: unknown): Fault =>
  new Fault(`cannot read the packed chart ${path}: ${why}`, {
    kind: 'input',
    code: 'BAD_ARCHIVE',
    hint: 'pack it again with helm package, or unpack it into a directory of its own',
    cause,
  });

const unzip = (path: string, bytes: Uint8Array, limit: number): Uint8Array => {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (cause) {
    const isLarge = cause instanceof RangeError;
    throw broken(path, isLarge ? `it holds more than ${limit} bytes` : 'it is not compressed with gzip', cause);
  }
};

/** Where a file stands in its chart, which is what is behind the first directory; throws for places outside of it. */
const placeOf = (archive: string, path: string): string => {
  const [base = '', ...parts] = path.replaceAll('\\', '/').split('/');
  const place = parts.filter((part) => part !== '.' && part !== '');
  const isOutside = base === '' || parts[0] === '' || place.includes('..') || /^[a-z]:/i.test(place[0] ?? '');
  if (isOutside || place.length === 0) throw broken(archive, `${path} is not below the directory of a chart`);
  return place.join('/');
};

/** Whether a path is that of a packed subchart. */
export const isPackedChart = (path: string): boolean => /(^|\/)charts\/[^/]+\.tgz$/.test(path);

/** The files of a packed chart, and of those packed in it, as if the archive were its directory; throws a Fault for a bad one. */
export const unpackChart = (
  path: string,
  bytes: Uint8Array,
  limit = LARGEST_CHART,
  depth = 0,
): readonly (readonly [path: string, text: string])[] => {
  if (depth > DEEPEST) throw broken(path, `it is packed more than ${DEEPEST} times`);
  const archive = unzip(path, bytes, limit);
  const files = readTar(archive);
  if (typeof files === 'string') throw broken(path, files);
  if (files.length === 0) throw broken(path, 'it has no files');
  return files.flatMap(({ path: name, bytes: content }) => {
    if (content.length > LARGEST_FILE) throw broken(path, `${name} has more than ${LARGEST_FILE} bytes`);
    const place = `${path}/${placeOf(path, name)}`;
    if (isPackedChart(place)) return unpackChart(place, content, limit - archive.length, depth + 1);
    return [[place, new TextDecoder().decode(content)] as const];
  });
};
