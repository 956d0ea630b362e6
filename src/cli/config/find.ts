import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { readSources } from '../../input/read.ts';
import type { Io } from '../io.ts';
import { type Config, readConfig } from './config.ts';

const NAME = '.heddle.yaml';

/**
 * The nearest `.heddle.yaml` in the working directory or above it, as an absolute path. The search ends with the root of
 * the repository and with the home directory: what belongs to others has no say.
 */
export const findConfig = ({ cwd, env }: Pick<Io, 'cwd' | 'env'>): string | undefined => {
  const home = env['HOME'] ?? env['USERPROFILE'];
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    const path = join(directory, NAME);
    if (existsSync(path)) return path;
    const isBoundary = existsSync(join(directory, '.git')) || directory === home || dirname(directory) === directory;
    if (isBoundary) return undefined;
  }
};

/** Reads a configuration file, named as it was typed or found; throws a Fault where it is missing or wrong. */
export const loadConfig = async (path: string, io: Io): Promise<Config> => {
  const absolute = resolve(io.cwd, path);
  const name = path === absolute ? relative(io.cwd, path) : path;
  const [source = { name, text: '' }] = await readSources([name], { stdin: io.stdin, cwd: io.cwd });
  return readConfig(source, absolute);
};
