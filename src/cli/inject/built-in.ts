import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_INJECTOR_CONFIG, type InjectorConfig } from '../../inject/injector-config.ts';
import { loadYaml } from '../../yaml/load.ts';
import { packageRoot } from '../package.ts';

// Beside the templates, and known to the istiod chart by the same names.
const VALUES = 'values.yaml';
const MESH = 'mesh.yaml';

const directory = (): string => join(packageRoot(), 'templates', 'injection');
const read = async (file: string): Promise<string> => readFile(join(directory(), file), 'utf8');
const readValue = async (file: string): Promise<unknown> =>
  loadYaml({ name: file, text: await read(file) }).documents[0]?.value ?? {};

/** heddle's own injection templates, which its istiod chart installs too. */
export const builtInConfig = async (): Promise<InjectorConfig> => {
  const files = (await readdir(directory())).filter(
    (file) => file.endsWith('.yaml') && file !== VALUES && file !== MESH,
  );
  const templates = await Promise.all(files.map(async (file) => [file.slice(0, -'.yaml'.length), await read(file)]));
  return { ...DEFAULT_INJECTOR_CONFIG, templates: Object.fromEntries(templates) };
};

/** The Helm values of an installation that sets none. */
export const builtInValues = async (): Promise<unknown> => readValue(VALUES);

/** The mesh configuration of an installation that sets nothing. */
export const builtInMesh = async (): Promise<unknown> => readValue(MESH);
