import type { Problem } from '../base/problem.ts';
import { at, isObject, type JsonObject, listAt, textAt } from './json.ts';

/** The parts of Envoy's answer to `/config_dump`, by the name of their message. */
export type SectionName =
  | 'BootstrapConfigDump'
  | 'ClustersConfigDump'
  | 'EcdsConfigDump'
  | 'EndpointsConfigDump'
  | 'ListenersConfigDump'
  | 'RoutesConfigDump'
  | 'SecretsConfigDump';

/** Envoy's answer to `/config_dump`: one JSON object with `configs`. */
export interface ConfigDump {
  readonly root: JsonObject;
  readonly configs: readonly JsonObject[];
}

const TYPE_PREFIX = 'type.googleapis.com/envoy.admin.v3.';

const problem = (code: string, message: string, hint: string): Problem => ({ severity: 'error', code, message, hint });

const HOW_TO_DUMP = "take one with: curl 'localhost:15000/config_dump?include_eds=true'";

/** What a JSON object that is no config dump seems to be. */
const kindOf = (root: JsonObject): string => {
  if (textAt(root, 'kind') !== '') return `a Kubernetes ${textAt(root, 'kind')}`;
  if (Array.isArray(at(root, 'cluster_statuses'))) return "Envoy's answer to /clusters, which pc endpoint reads";
  const fields = Object.keys(root).slice(0, 3);
  return fields.length === 0 ? 'an empty object' : `an object with ${fields.map((name) => `"${name}"`).join(', ')}`;
};

/** Takes a JSON value for a config dump; a dump without `configs` has no section, one of something else is a Problem. */
export const readConfigDump = (value: unknown): ConfigDump | Problem => {
  if (!isObject(value)) {
    const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    return problem('NOT_A_CONFIG_DUMP', `is JSON, but ${kind} and not an Envoy config dump`, HOW_TO_DUMP);
  }
  const configs = listAt(value, 'configs').filter(isObject);
  return { root: value, configs };
};

/** The last section of a kind, which is the one istioctl reads; undefined where the dump has none. */
export const sectionOf = (dump: ConfigDump, name: SectionName): JsonObject | undefined =>
  dump.configs.findLast((config) => config['@type'] === TYPE_PREFIX + name);

/** Every section of a kind; Envoy writes one for each extension configuration. */
export const sectionsOf = (dump: ConfigDump, name: SectionName): readonly JsonObject[] =>
  dump.configs.filter((config) => config['@type'] === TYPE_PREFIX + name);

/** Why a dump lacks a section: what it has instead, and how to get one that is whole. */
export const missingSection = ({ root, configs }: ConfigDump, name: SectionName): Problem => {
  const what = name.replace('ConfigDump', '').toLowerCase();
  if (configs.length === 0)
    return problem(
      'NOT_A_CONFIG_DUMP',
      `is not an Envoy config dump but ${kindOf(root)}: there are no "configs" in it`,
      HOW_TO_DUMP,
    );
  const has = configs.map((config) => textAt(config, '@type').replace(/^.*\./, '')).join(', ');
  return problem('NO_SUCH_SECTION', `has no ${what}: there is no ${name} in it, only ${has}`, HOW_TO_DUMP);
};

/** Drops the type of an `Any`, as where its place already says what it is. */
export const untyped = (value: JsonObject): JsonObject => {
  const { '@type': _, ...fields } = value;
  return fields;
};
