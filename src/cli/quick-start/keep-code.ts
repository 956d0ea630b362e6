// Runs a command of dist/quick on a sample and keeps V8's code of all functions that ran, beside its bundle.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import v8 from 'node:v8';
import { Script } from 'node:vm';

type Main = (argv: readonly string[]) => Promise<number>;

const SAMPLE = join(import.meta.dirname, 'sample.yaml');
const INJECTION = resolve('templates/injection');
const INSTALLATION = ['--meshConfigFile', join(INJECTION, 'mesh.yaml'), '--valuesFile', join(INJECTION, 'values.yaml')];

/** Command lines that between them run what most do. */
const RUNS: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ['kube-inject', [[SAMPLE], ['-f', SAMPLE, ...INSTALLATION]]],
  ['analyze', [[SAMPLE], ['-A', '-o', 'json-compat', SAMPLE]]],
  ['validate', [['-f', SAMPLE]]],
  [
    'explain',
    [
      ['GET', 'http://cart.shop/', '--from', 'shop/cart', '-f', SAMPLE],
      ['GET', 'http://shop.example.com/cart', '-f', SAMPLE, '-o', 'json'],
    ],
  ],
]);

const [name = '', dist = ''] = process.argv.slice(2);
const filename = join(dist, 'quick', `${name}.cjs`);
// V8 takes code only under the flags that it was given under.
v8.setFlagsFromString = () => undefined;
const script = new Script(readFileSync(filename, 'latin1'), { filename });
const bundle: { exports: { readonly main: Main } } = { exports: { main: async () => 70 } };
script.runInThisContext()(bundle.exports, createRequire(filename), bundle, filename, dist);
for (const run of RUNS.get(name) ?? []) {
  if ((await bundle.exports.main([name, ...run])) !== 0) throw new Error(`heddle ${name} ${run.join(' ')} failed`);
}
writeFileSync(`${filename}.${process.version}-${process.arch}`, script.createCachedData());
process.exit(0);
