import { execFileSync } from 'node:child_process';
import { inflateRawSync } from 'node:zlib';

export interface ModuleFiles {
  readonly module: string;
  readonly version: string;
  /** Text of one file by its path inside the module. */
  read(path: string): string;
  list(prefix: string): readonly string[];
}

/**
 * Fetches a Go module's zip from the first proxy of `go env GOPROXY`.
 * The go command itself is not asked: it refuses modules that want a newer toolchain, and only the data is needed here.
 */
export const fetchModule = async (module: string, version: string): Promise<ModuleFiles> => {
  const proxy = execFileSync('go', ['env', 'GOPROXY'], { encoding: 'utf8' }).trim().split(/[,|]/)[0] ?? '';
  if (!proxy.startsWith('http')) throw new Error(`GOPROXY names no proxy: "${proxy}"`);
  const response = await fetch(`${proxy}/${module}/@v/${version}.zip`);
  if (!response.ok) throw new Error(`${module}@${version}: HTTP ${response.status}`);
  const zip = Buffer.from(await response.arrayBuffer());
  const entries = readDirectory(zip, `${module}@${version}/`);
  return {
    module,
    version,
    list: (prefix) => [...entries.keys()].filter((path) => path.startsWith(prefix)).sort(),
    read: (path) => {
      const offset = entries.get(path);
      if (offset === undefined) throw new Error(`${module}@${version} has no ${path}`);
      return readEntry(zip, offset);
    },
  };
};

// Zip: the central directory at the end lists every file; see PKWARE's APPNOTE 4.3.12.
const readDirectory = (zip: Buffer, root: string): ReadonlyMap<string, number> => {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const entries = new Map<string, number>();
  // Beyond 65,535 files the count overflows, so the signature decides.
  for (let seen = 0; seen < count || zip.readUInt32LE(at) === 0x02014b50; seen++) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (name.startsWith(root)) entries.set(name.slice(root.length), at);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
};

const readEntry = (zip: Buffer, at: number): string => {
  const size = zip.readUInt32LE(at + 20);
  const header = zip.readUInt32LE(at + 42);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const body = zip.subarray(start, start + size);
  return (zip.readUInt16LE(at + 10) === 0 ? body : inflateRawSync(body)).toString('utf8');
};
