import { readInjectorConfig } from '../../src/inject/injector-config.ts';
import { createInstallation, type Installation, type TypeDescriptors } from '../../src/inject/installation.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { loadYaml } from '../../src/yaml/load.ts';

let descriptors: TypeDescriptors | undefined;

/** Before any installation is made. */
export const loadDescriptors = async (): Promise<TypeDescriptors> => {
  descriptors ??= { structs: await loadGoStructs(), mesh: await loadMeshProto(), values: await loadValuesProto() };
  return descriptors;
};

interface Texts {
  /** Configuration of the injector, or a sidecar template. */
  readonly config: string;
  readonly mesh?: string;
  readonly values?: string;
  readonly nativeSidecars?: boolean;
  readonly revision?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether aliases and default templates of the configuration count, as they do in a cluster. */
  readonly asWebhook?: boolean;
}

const parse = (text: string): unknown => loadYaml({ name: 'text', text }).documents[0]?.value ?? {};

/** An installation from the texts of its configuration; fails where they make none. */
export const installationOf = (texts: Texts): Installation => {
  if (descriptors === undefined) throw new Error('loadDescriptors comes first');
  const config = readInjectorConfig({ name: 'config', text: texts.config });
  const installation = createInstallation({
    descriptors,
    templates: config.templates,
    defaultTemplates: texts.asWebhook === true ? config.defaultTemplates : ['sidecar'],
    aliases: texts.asWebhook === true ? config.aliases : {},
    injectedAnnotations: texts.asWebhook === true ? config.injectedAnnotations : {},
    meshConfig: parse(texts.mesh ?? ''),
    values: parse(texts.values ?? ''),
    revision: texts.revision ?? 'default',
    nativeSidecars: texts.nativeSidecars ?? false,
    env: (name) => texts.env?.[name],
    platform: { now: () => 0, localZone: () => 'UTC', random: (count) => new Uint8Array(count) },
  });
  if ('failure' in installation) throw new Error(installation.failure);
  return installation;
};
