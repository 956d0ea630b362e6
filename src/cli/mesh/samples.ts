import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { packageRoot } from '../package.ts';

const directory = (): string => join(packageRoot(), 'templates', 'samples');

const names = (): readonly string[] =>
  readdirSync(directory())
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted();

/** Path of a configuration that comes with the package; throws a usage Fault with the list for a name it has not. */
export const samplePath = (name: string, cwd: string): string => {
  const known = names();
  if (known.includes(name)) {
    const path = join(directory(), `${name}.yaml`);
    const fromHere = relative(cwd, path);
    // It is shown wherever a line of it decides something: short where that is possible.
    return fromHere.startsWith('..') ? path : fromHere;
  }
  const near = suggest(name, known);
  throw new Fault(`there is no sample "${name}"`, {
    kind: 'usage',
    code: 'NO_SUCH_SAMPLE',
    hint:
      near === undefined
        ? `the samples are: ${known.join(', ')}`
        : `did you mean ${near}? the samples are: ${known.join(', ')}`,
  });
};
