import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { unreadable } from '../../input/find.ts';
import { STDIN } from '../../input/read.ts';
import type { Io } from '../io.ts';
import type { ProxyAdmin } from './proxy-admin.ts';

/** A text above this is longer than a string of V8 may be. */
const MAX_BYTES = 500 * 1024 * 1024;

const readBytes = async (file: string, io: Io): Promise<Buffer> => {
  try {
    return await readFile(resolve(io.cwd, file));
  } catch (cause) {
    throw unreadable(file, cause);
  }
};

const readText = async (file: string, io: Io): Promise<string> => {
  if (file === STDIN) return io.readStdin();
  const bytes = await readBytes(file, io);
  if (bytes.length > MAX_BYTES)
    throw new Fault(`${file} is larger than ${MAX_BYTES / 1024 / 1024} MiB`, {
      kind: 'input',
      code: 'INPUT_TOO_LARGE',
      hint: 'dump one part only: /config_dump?mask=dynamic_route_configs',
    });
  return bytes.toString('utf8');
};

/** A saved answer of the admin interface; `-` is standard input. Whatever is asked, it answers what the file holds. */
export const createDumpFile = (file: string, io: Io): ProxyAdmin => ({
  name: file === STDIN ? 'standard input' : file,
  configDump: () => readText(file, io),
  clusters: () => readText(file, io),
});
