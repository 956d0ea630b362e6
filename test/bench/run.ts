// npm run bench -- NAME [ARGUMENTS]: runs test/bench/NAME.ts.
import { existsSync } from 'node:fs';

const [name = '', ...rest] = process.argv.slice(2);
const file = new URL(`./${name}.ts`, import.meta.url);
if (!/^[a-z-]+$/.test(name) || name === 'run' || !existsSync(file)) {
  console.error('usage: npm run bench -- proxy [--rounds N] [--seconds N] [--bytes N]');
  process.exitCode = 64;
} else {
  const { bench }: { bench: (args: readonly string[]) => Promise<void> } = await import(file.href);
  await bench(rest);
}
