import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { createLineBatch } from '../telemetry/line-batch.ts';
import type { Closable } from './forward.ts';

const MAX_BATCH_BYTES = 64 * 1024;
const FLUSH_MS = 200;
/** Past this the file begins again: a mesh left running for weeks must not fill the disk. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** The file all proxies of a mesh write their access log to, 0600. */
export interface AccessLogFile extends Closable {
  readonly path: string;
  add(line: string): void;
}

/** Opens the log, keeping what earlier runs wrote. Lines reach the file within 200 ms. */
export const openAccessLogFile = (path: string): AccessLogFile => {
  const descriptor = openSync(path, 'a', 0o600);
  let size = statSync(path).size;
  const batch = createLineBatch({
    maxBytes: MAX_BATCH_BYTES,
    write: (text) => {
      if (size > MAX_FILE_BYTES) {
        truncateSync(path, 0);
        size = 0;
      }
      size += writeSync(descriptor, text);
    },
  });
  const timer = setInterval(() => batch.flush(), FLUSH_MS).unref();
  return {
    path,
    add: (line) => batch.add(line),
    close: async () => {
      clearInterval(timer);
      batch.flush();
      closeSync(descriptor);
    },
  };
};
