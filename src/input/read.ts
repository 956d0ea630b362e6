import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '../base/fault.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { findFiles, type InputFile, type IsExcluded, unreadable } from './find.ts';

/** Where the reader takes standard input from, and what relative paths are relative to. */
export interface InputIo {
  readonly stdin: NodeJS.ReadableStream;
  /** The process's working directory by default. */
  readonly cwd?: string;
  /** What to leave out of directories and patterns. */
  readonly isExcluded?: IsExcluded;
}

/** The path that stands for standard input. */
export const STDIN = '-';

const MAX_INPUT_BYTES = 64 * 1024 * 1024;
/** Enough to keep the disk busy, and far below every limit of open files. */
const CONCURRENT_READS = 32;

const tooLarge = (name: string): Fault =>
  new Fault(`${name} is larger than ${MAX_INPUT_BYTES / 1024 / 1024} MiB`, {
    kind: 'input',
    code: 'INPUT_TOO_LARGE',
    hint: 'split it, or name only the files to read',
  });

const firstBadLine = (bytes: Buffer): number => {
  let line = 1;
  for (let start = 0; start <= bytes.length; line++) {
    const end = bytes.indexOf(10, start);
    // A line feed is never part of a longer UTF-8 sequence, so lines can be judged one by one.
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
};

/** The text of a file's bytes, byte order mark kept; throws a Fault that names the first line that is not UTF-8. */
const decode = (name: string, bytes: Buffer): string => {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  throw new Fault(`${name}:${firstBadLine(bytes)} is not UTF-8${isUtf16 ? ' but UTF-16' : ''}`, {
    kind: 'input',
    code: 'INPUT_NOT_UTF8',
    hint: 'save the file as UTF-8',
  });
};

const drain = async (name: string, stream: NodeJS.ReadableStream): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > MAX_INPUT_BYTES) throw tooLarge(name);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};

const readBytes = async (file: InputFile): Promise<Buffer> => {
  const stats = await stat(file.path);
  // A pipe or device has no size to check beforehand.
  if (!stats.isFile()) return drain(file.name, createReadStream(file.path));
  if (stats.size > MAX_INPUT_BYTES) throw tooLarge(file.name);
  return readFile(file.path);
};

const readInput = async (file: InputFile): Promise<SourceText> => {
  try {
    return { name: file.name, text: decode(file.name, await readBytes(file)) };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw unreadable(file.name, cause);
  }
};

const readAll = async (files: readonly InputFile[]): Promise<readonly SourceText[]> => {
  const sources: SourceText[] = [];
  for (let start = 0; start < files.length; start += CONCURRENT_READS) {
    sources.push(...(await Promise.all(files.slice(start, start + CONCURRENT_READS).map(readInput))));
  }
  return sources;
};

/**
 * Reads what the user named: files, directories, patterns and `-` for standard input, in the order given. A file that
 * several of them name is read once. Throws a Fault for a path that names nothing, cannot be read, is above 64 MiB or
 * is not UTF-8.
 */
export const readSources = async (paths: readonly string[], io: InputIo): Promise<readonly SourceText[]> => {
  const { cwd = '.', isExcluded } = io;
  const at = paths.indexOf(STDIN);
  if (at < 0) return readAll(await findFiles(paths, cwd, isExcluded));
  const rest = paths.filter((path) => path !== STDIN);
  // Faults of the command line come before the wait for standard input.
  const files = await findFiles(rest, cwd, isExcluded);
  const ahead = at === 0 ? [] : await findFiles(rest.slice(0, at), cwd, isExcluded);
  const stdin = { name: STDIN, text: decode('standard input', await drain('standard input', io.stdin)) };
  const sources = await readAll(files);
  return [...sources.slice(0, ahead.length), stdin, ...sources.slice(ahead.length)];
};
