// Time to compile generated resources, already read, into the tables of every proxy, and how it grows with their number.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { placeMesh } from '../../src/cli/explain/load-mesh.ts';
import { loadConfiguration } from '../../src/local/configuration.ts';
import { compileMesh } from '../../src/traffic/compile/compile-mesh.ts';
import type { CompiledMesh, World } from '../../src/traffic/compile/world.ts';
import type { Cluster } from '../../src/traffic/tables.ts';
import { generate } from './analyze.ts';
import { column, median } from './measure.ts';

const readWorld = async (count: number): Promise<World> => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  try {
    generate(directory, count);
    const sources = readdirSync(directory).map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));
    return placeMesh(await loadConfiguration(sources, { builtIns: true }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Makes also what proxies leave until they need it: the clusters of services. */
const makeAll = ({ proxies }: CompiledMesh): number => {
  const clusters = new Set<Cluster>();
  const shared = new Set<unknown>();
  for (const { node, outbound, clusters: table } of proxies.values()) {
    if (node.mode === 'sidecar' && shared.has(outbound)) continue;
    shared.add(outbound);
    for (const cluster of table.values()) clusters.add(cluster);
  }
  return clusters.size;
};

const secondsOf = (world: World, generation: number): number => {
  const start = performance.now();
  makeAll(compileMesh(world, generation));
  return (performance.now() - start) / 1_000;
};

/** `npm run bench -- compile [--rounds N] [--sizes 1000,10000]` */
export const bench = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '5' }, sizes: { type: 'string', default: '1000,10000' } },
  });
  console.log(`${column('resources')}${column('proxies')}${column('s')}${column('growth')}`);
  let before: { readonly size: number; readonly seconds: number } | undefined;
  for (const size of values.sizes.split(',').map(Number)) {
    const world = await readWorld(size);
    const rounds = Array.from({ length: Number(values.rounds) }, (_, round) => secondsOf(world, round + 1));
    const seconds = median(rounds);
    // 1 is linear: time per resource against that of the size before.
    const growth = before === undefined ? '' : (seconds / size / (before.seconds / before.size)).toFixed(2);
    console.log(`${column(size)}${column(world.pods.length)}${column(seconds.toFixed(3))}${column(growth)}`);
    before = { size, seconds };
  }
};
