import type { Selector } from '../model/selector.ts';
import type { InjectorPolicy } from '../model/sidecar.ts';
import { isObject } from '../model/value.ts';
import { readJson } from '../yaml/json.ts';
import { loadYaml } from '../yaml/load.ts';
import type { SourceText } from '../yaml/source-text.ts';

/** What ConfigMap istio-sidecar-injector says under `config`. */
export interface InjectorConfig extends InjectorPolicy {
  /** Texts of templates by name. */
  readonly templates: Readonly<Record<string, string>>;
  readonly defaultTemplates: readonly string[];
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly injectedAnnotations: Readonly<Record<string, string>>;
}

const SIDECAR = 'sidecar';

/** An installation's unless it says otherwise; it has no templates. */
export const DEFAULT_INJECTOR_CONFIG: InjectorConfig = {
  templates: {},
  defaultTemplates: [SIDECAR],
  aliases: {},
  injectedAnnotations: {},
  policy: 'enabled',
  neverInjectSelector: [],
  alwaysInjectSelector: [],
};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

const textEntries = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

const selectors = (value: unknown): readonly Selector[] =>
  Array.isArray(value) ? value.filter((item): item is Selector & object => isObject(item)) : [];

/** Reads an injector's configuration; a text that is none, or has no templates, is taken for the sidecar template. */
export const readInjectorConfig = (source: SourceText): InjectorConfig => {
  const value = readJson(source.text) ?? loadYaml(source).documents[0]?.value;
  const config = isObject(value) ? value : {};
  const templates = textEntries(config['templates']);
  const defaultTemplates = texts(config['defaultTemplates']);
  const aliases = Object.entries(isObject(config['aliases']) ? config['aliases'] : {});
  return {
    templates: Object.keys(templates).length > 0 ? templates : { [SIDECAR]: source.text },
    defaultTemplates: defaultTemplates.length > 0 ? defaultTemplates : [SIDECAR],
    aliases: Object.fromEntries(aliases.map(([name, names]) => [name, texts(names)])),
    injectedAnnotations: textEntries(config['injectedAnnotations']),
    policy: config['policy'] === 'disabled' ? 'disabled' : 'enabled',
    neverInjectSelector: selectors(config['neverInjectSelector']),
    alwaysInjectSelector: selectors(config['alwaysInjectSelector']),
  };
};
