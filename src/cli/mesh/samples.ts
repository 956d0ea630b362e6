import { readdirSync } from 'node:fs';
import { join } from 'node:path';
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
export const samplePath = (name: string): string => {
  const known = names();
  if (known.includes(name)) return join(directory(), `${name}.yaml`);
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
