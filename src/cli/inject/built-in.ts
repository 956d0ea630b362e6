import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InjectorConfig } from '../../inject/injector-config.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { packageRoot } from '../package.ts';

const TEMPLATES = ['sidecar', 'gateway', 'grpc-agent'] as const;

const read = async (...path: readonly string[]): Promise<string> =>
  readFile(join(packageRoot(), 'templates', ...path), 'utf8');

const readMapping = async (...path: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
  const text = await read(...path);
  const value = loadYaml({ name: path.join('/'), text }).documents[0]?.value;
  return isObject(value) ? value : {};
};

/** heddle's own injection templates, which its istiod chart installs too. */
export const builtInConfig = async (): Promise<InjectorConfig> => {
  const texts = await Promise.all(TEMPLATES.map((name) => read('injection', `${name}.yaml`)));
  return {
    templates: Object.fromEntries(TEMPLATES.map((name, index) => [name, texts[index] ?? ''])),
    defaultTemplates: ['sidecar'],
    aliases: {},
    injectedAnnotations: {},
    policy: 'enabled',
    neverInjectSelector: [],
    alwaysInjectSelector: [],
  };
};

/** The Helm values of heddle's istiod chart. */
export const builtInValues = async (): Promise<unknown> => readMapping('charts', 'istiod', 'values.yaml');

/** The mesh configuration of an installation with those values. */
export const builtInMesh = async (): Promise<unknown> => ({
  defaultConfig: { discoveryAddress: 'istiod.istio-system.svc:15012' },
});
