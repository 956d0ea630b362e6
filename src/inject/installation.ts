import type { GoStructs, MeshProto, ProtoSet } from '../model/typed/descriptor.ts';
import type { DecodedItems } from '../model/typed/go-decode.ts';
import { printGoJson } from '../model/typed/go-json.ts';
import { settleMeshConfig } from '../model/typed/mesh-config.ts';
import { decodeMessage } from '../model/typed/proto-decode.ts';
import { PROXY_CONFIG, withoutDefaults } from '../model/typed/proxy-config.ts';
import { isObject } from '../model/value.ts';
import { injectorFunctions } from '../template/functions/istio.ts';
import { type SprigPlatform, sprigFunctions } from '../template/functions/sprig.ts';
import { functionTable, type TemplateSet } from '../template/functions.ts';
import { createTemplates, parseTemplate } from '../template/template.ts';
import { anyMap, fromPlain, GoMap, type GoValue } from '../template/value.ts';
import type { Plain } from '../yaml/plain.ts';
import { createSimilarLoader, type LoadedText } from '../yaml/similar-texts.ts';
import type { ClusterEnv } from './cluster-env.ts';
import { pathEnv } from './injection-path.ts';
import { behind } from './json-behind.ts';
import { otelResourceAttributes } from './otel-attributes.ts';
import { describeMisfit } from './pod.ts';
import { protoMessage } from './proto-message.ts';
import { Refusal } from './refusal.ts';
import { injectorTypes } from './template-data.ts';

/** What the modules that one version of Istio pins say of their types; see model/typed/load.ts. */
export interface TypeDescriptors {
  readonly structs: GoStructs;
  readonly mesh: MeshProto;
  readonly values: ProtoSet;
}

/** What istiod would have read of an installation, as plain YAML values, and where it would run. */
export interface InstallationInput {
  readonly descriptors: TypeDescriptors;
  /** Texts of templates by name. */
  readonly templates: Readonly<Record<string, string>>;
  readonly defaultTemplates: readonly string[];
  /** Names that stand for several templates. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  /** What every injected pod is annotated with; a template says the same better. */
  readonly injectedAnnotations: Readonly<Record<string, string>>;
  readonly meshConfig: unknown;
  readonly values: unknown;
  /** `default` and the empty text are the same. */
  readonly revision: string;
  readonly nativeSidecars: boolean;
  /** Path of the URL by which the webhook is called, where it says something: `/inject/cluster/c1/net/n1`. */
  readonly injectionPath?: string | undefined;
  readonly env: (name: string) => string | undefined;
  readonly platform: SprigPlatform;
}

/** An installation's injector, ready for any number of pods. */
export interface Installation {
  readonly descriptors: TypeDescriptors;
  readonly templates: ReadonlyMap<string, TemplateSet>;
  readonly defaultTemplates: readonly string[];
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly injectedAnnotations: Readonly<Record<string, string>>;
  /** In canonical form. */
  readonly meshConfig: Plain;
  /** In canonical form. */
  readonly values: Plain;
  /** As templates see them. */
  readonly plainValues: GoMap;
  /** Containers, volumes and the like that many pods share, as decoded. */
  readonly decodedItems: DecodedItems;
  /** Reads what templates render; from pod to pod little of it is new. */
  readonly loadRendered: (text: string) => LoadedText;
  readonly revision: string;
  readonly nativeSidecars: boolean;
  readonly compliancePolicy: string;
  /** Environment of proxies that the webhook's path says. */
  readonly pathEnv: ClusterEnv;
}

/** Name that errors of the injector's templates carry. */
export const TEMPLATE_NAME = 'inject';

/** Parses templates and reads configuration once; the reason as a sentence where one of them cannot be. */
export const createInstallation = (input: InstallationInput): Installation | { readonly failure: string } => {
  try {
    return build(input);
  } catch (error) {
    if (error instanceof Refusal) return { failure: error.message };
    throw error;
  }
};

const build = (input: InstallationInput): Installation => {
  const { descriptors } = input;
  const plainValues = fromPlain(input.values ?? {});
  if (!(plainValues instanceof GoMap)) throw new Refusal('the Helm values must be a mapping');
  return {
    descriptors,
    templates: parseTemplates(input),
    defaultTemplates: input.defaultTemplates,
    aliases: input.aliases,
    injectedAnnotations: input.injectedAnnotations,
    meshConfig: readMeshConfig(descriptors.mesh, input.meshConfig ?? {}),
    values: readValues(descriptors.values, input.values ?? {}),
    plainValues: plainValues.entries === undefined ? anyMap() : plainValues,
    decodedItems: new WeakMap(),
    loadRendered: createSimilarLoader(),
    revision: input.revision === 'default' ? '' : input.revision,
    nativeSidecars: input.nativeSidecars,
    compliancePolicy: input.env('COMPLIANCE_POLICY') ?? '',
    pathEnv: pathEnv(input.injectionPath ?? ''),
  };
};

const parseTemplates = ({ descriptors, templates, env, platform }: InstallationInput): Map<string, TemplateSet> => {
  const functions = functionTable(
    sprigFunctions(platform),
    injectorFunctions({
      env,
      protoToJson: (message) => protoToJson(descriptors.mesh, message),
      otelResourceAttributes,
      types: injectorTypes(descriptors.structs, descriptors.mesh),
    }),
  );
  const parsed = new Map<string, TemplateSet>();
  for (const [name, text] of Object.entries(templates)) {
    const set = createTemplates(TEMPLATE_NAME, { functions });
    const failure = parseTemplate(set, TEMPLATE_NAME, text);
    if (failure !== undefined) throw new Refusal(`template "${name}" cannot be parsed: ${failure}`);
    parsed.set(name, set);
  }
  return parsed;
};

/** A message as JSON; of a ProxyConfig only what is not Istio's default. */
const protoToJson = (mesh: MeshProto, message: GoValue): string => {
  const json = behind(message);
  if (!isObject(json)) return printGoJson(json ?? {});
  const isProxyConfig =
    typeof message === 'object' && message?.type === protoMessage(mesh, PROXY_CONFIG, undefined).type;
  if (!isProxyConfig) return printGoJson(json);
  let text = printedConfigs.get(json);
  if (text === undefined) {
    text = printGoJson(withoutDefaults(mesh, json));
    printedConfigs.set(json, text);
  }
  return text;
};

/** Most pods have the mesh's own proxy configuration. */
const printedConfigs = new WeakMap<object, string>();

const readValues = (set: ProtoSet, values: unknown): Plain => {
  const { value, misfits } = decodeMessage(set, 'istio.operator.v1alpha1.Values', values, { unknown: 'allowed' });
  if (misfits[0] !== undefined) throw new Refusal(`the Helm values: ${describeMisfit(misfits[0])}`);
  return value;
};

const readMeshConfig = (set: MeshProto, given: unknown): Plain => {
  const { value, misfits } = settleMeshConfig(set, given);
  if (misfits[0] !== undefined) throw new Refusal(`the mesh configuration: ${describeMisfit(misfits[0])}`);
  return value;
};
