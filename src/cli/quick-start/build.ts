// npm run build: bundles the program into dist/, and what starts at once into dist/quick/.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const DIST = resolve('dist');
/** The commands that bin/heddle.js knows to start quickly. */
const QUICK = ['kube-inject', 'analyze', 'validate', 'explain'];

const SHARED: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  logLevel: 'warning',
};

/** The whole program: a file for each command, loaded when it runs. */
const bundle = (): Promise<unknown> =>
  build({
    ...SHARED,
    entryPoints: ['src/cli/main.ts'],
    splitting: true,
    format: 'esm',
    outdir: DIST,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    minifySyntax: true,
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });

const onlyCommand = (name: string): Plugin => ({
  name: 'only-command',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/commands\// }, ({ path }) =>
      path === `./commands/${name}.ts` ? undefined : { path, external: true },
    ),
});

/** One command as a script, the only form whose compiled code V8 gives and takes: an expression of a function. */
const bundleScript = (name: string): Promise<unknown> =>
  build({
    ...SHARED,
    entryPoints: ['src/cli/main.ts'],
    format: 'cjs',
    outfile: join(DIST, 'quick', `${name}.cjs`),
    minifySyntax: true,
    minifyWhitespace: true,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname' },
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
    plugins: [onlyCommand(name)],
  });

/** In a process of its own: what it has run is what is kept. */
const keepCode = (name: string): void => {
  const program = join(import.meta.dirname, 'keep-code.ts');
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, name, DIST], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the code of ${name} was not kept: ${stderr}`);
};

rmSync(DIST, { recursive: true, force: true });
await Promise.all([bundle(), ...QUICK.map(bundleScript)]);
for (const name of QUICK) keepCode(name);
