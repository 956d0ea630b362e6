import { json } from '../../model/schema/generated/schemas-mesh.ts';
import type { ProxyConfig } from '../../model/schema/generated/types-mesh.ts';
import type { Schema, SchemaSet } from '../../model/schema/schema.ts';
import { decodeFields } from '../../model/structure.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import type { Plain } from '../../yaml/plain.ts';

let schemas: SchemaSet | undefined;

const proxyConfigSchema = (): { readonly schema: Schema; readonly definitions: Readonly<Record<string, Schema>> } => {
  schemas ??= JSON.parse(json) as SchemaSet;
  const definitions = schemas.definitions ?? {};
  return { schema: definitions['ProxyConfig'] ?? {}, definitions };
};

/**
 * Reads annotation `proxy.istio.io/config`, a ProxyConfig as YAML; or says what is wrong with it. Fields that Istio does
 * not know are not wrong: it passes over them.
 */
export const readProxyConfig = (text: string): { readonly config?: ProxyConfig; readonly problem?: string } => {
  if (text === '') return { config: {} };
  const { documents, problems } = loadYaml({ name: 'proxy.istio.io/config', text });
  const [broken] = problems;
  if (broken !== undefined) return { problem: broken.message };
  const value = documents[0]?.value ?? {};
  if (!isObject(value)) return { problem: 'it must be a mapping of ProxyConfig fields' };
  const { schema, definitions } = proxyConfigSchema();
  const found: string[] = [];
  const decoded: Plain = decodeFields(value, schema, {
    definitions,
    convention: 'proto',
    report: ({ code, message }) => {
      if (code !== 'UNKNOWN_FIELD') found.push(message);
    },
  });
  const [problem] = found;
  return problem === undefined ? { config: decoded as ProxyConfig } : { problem };
};
