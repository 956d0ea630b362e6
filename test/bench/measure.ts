import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { which } from './proxy/peers.ts';

/** One run of a program, in seconds. */
export interface Sample {
  readonly wallS: number;
  readonly cpuS: number;
}

// Certificates that a machine adds make every start of Node.js read them, for half as long again.
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;

/** Times one run with bash's own clock, the only one at hand that counts a child's CPU. */
export const measure = (command: readonly string[]): Sample => {
  const script = 'TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>/dev/null; } 2>&1';
  const { stdout } = spawnSync('bash', ['-c', script, 'bench', ...command], { encoding: 'utf8', env });
  const [wallS = 0, userS = 0, systemS = 0] = stdout.trim().split(' ').map(Number);
  return { wallS, cpuS: userS + systemS };
};

/** The middle one; 0 of none. */
export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Path of istioctl on PATH or as install-peers.sh builds it; undefined where there is none. */
export const findIstioctl = (): string | undefined => {
  const built = resolve(import.meta.dirname, '../../.bench/istioctl');
  return which('istioctl') ?? (existsSync(built) ? built : undefined);
};

/** One cell of a table, to the right. */
export const column = (text: string | number): string => `${text}`.padStart(9);

/** `0.95 (0.91-1.02)`: the median of each round's ratio, and the least and the greatest. */
export const ratioOf = (own: readonly Sample[], other: readonly Sample[], of: (sample: Sample) => number): string => {
  const ratios = own.map((one, round) => of(one) / of(other[round] ?? one));
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`;
};
