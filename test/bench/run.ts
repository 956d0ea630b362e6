// npm run bench -- NAME [ARGUMENTS]: one file of this folder per benchmark.
const benches = new Map<string, () => Promise<{ readonly bench: (args: readonly string[]) => Promise<void> }>>([
  ['analyze', () => import('./analyze.ts')],
  ['inject', () => import('./inject.ts')],
  ['explain', () => import('./explain.ts')],
  ['compile', () => import('./compile.ts')],
  ['route', () => import('./route.ts')],
  ['proxy', () => import('./proxy.ts')],
  ['proxy-config', () => import('./proxy-config.ts')],
]);

const [name = '', ...rest] = process.argv.slice(2);
const load = benches.get(name);
if (load === undefined) {
  console.error(
    `usage: npm run bench -- ${[...benches.keys()].join('|')} [--rounds N] [--sizes N,N] [--scale] [--bin PROGRAM] [--seconds N] [--bytes N]`,
  );
  process.exitCode = 64;
} else await (await load()).bench(rest);
