import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCase } from './case-files.ts';
import { replayCase } from './replay.ts';

// A process of its own: a case that crashes or hangs takes nobody with it. Told a case at a time by run.ts.
const [casesDir = '', outDir = ''] = process.argv.slice(2);

const replay = async (name: string): Promise<void> => {
  const { results, problems } = await replayCase(readCase(casesDir, name));
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`);
  process.send?.({ name, problems });
};

process.on('message', (name: string) => {
  replay(name).catch((error: unknown) =>
    process.send?.({ name, failure: error instanceof Error ? error.stack : String(error) }),
  );
});
