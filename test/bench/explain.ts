// Wall and CPU time of `heddle explain METHOD URL` on 1,000 generated resources, beside `heddle version`: the difference
// is what explaining costs beyond start-up.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { generate } from './analyze.ts';
import { measure, median } from './measure.ts';

const ROUNDS = 7;

export const bench = async (args: readonly string[]): Promise<void> => {
  const program = args[args.indexOf('--bin') + 1];
  if (!args.includes('--bin')) await ensureBuilt();
  const heddle = [process.execPath, args.includes('--bin') && program !== undefined ? program : HEDDLE];
  const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  try {
    generate(directory, 1_000);
    const explain = [
      ...heddle,
      'explain',
      'GET',
      'http://shop-1.team-1/',
      '--from',
      'team-1/shop-1-v1',
      '-f',
      directory,
    ];
    const version: number[] = [];
    const explained: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      version.push(measure([...heddle, 'version']).wallS);
      explained.push(measure(explain).wallS);
    }
    const beyondMs = Math.round(1_000 * (median(explained) - median(version)));
    const ratio = (median(explained) / median(version)).toFixed(1);
    console.log(`explain on 1,000 resources: ${beyondMs} ms beyond start-up, ${ratio} times heddle version`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
