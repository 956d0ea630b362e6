import { canonicalJson } from './canonical-json.ts';
import { type ConfigDump, sectionOf, sectionsOf, untyped } from './config-dump.ts';
import { at, isObject, type JsonObject, listAt, textAt } from './json.ts';
import { redact } from './redact.ts';

/** A value that istiod and the proxy do not agree about; undefined for who has none. */
export interface FieldDifference {
  /** `filterChains[name=0.0.0.0_9080].filters[0].typedConfig.statPrefix`. */
  readonly path: string;
  readonly wanted: unknown;
  readonly found: unknown;
}

/** One object of which istiod and the proxy have different versions, or which only one of them has. */
export interface ObjectDifference {
  readonly name: string;
  readonly change: 'differs' | 'missing' | 'extra';
  /** Of an object that both have, without secrets. */
  readonly fields: readonly FieldDifference[];
  /** Why the proxy does not use what it was sent, in its own words. */
  readonly reason: string;
}

/** One part of a proxy's configuration beside what istiod wants it to be. */
export interface PartDifference {
  readonly part: 'Clusters' | 'Listeners' | 'Routes' | 'Extensions';
  /** How many objects istiod wants. */
  readonly wanted: number;
  readonly objects: readonly ObjectDifference[];
}

interface Found {
  readonly name: string;
  /** What is in use, or is to be; undefined where what was sent was refused and nothing was there before. */
  readonly config: JsonObject | undefined;
  readonly reason: string;
}

type Named = ReadonlyMap<string, Found>;

const named = (found: readonly Found[]): Named => new Map(found.map((each) => [each.name, each]));

const configAt = (items: readonly unknown[], field: string, reason = ''): readonly Found[] =>
  items
    .map((item) => at(item, field))
    .filter(isObject)
    .map((config) => ({ name: textAt(config, 'name'), config, reason }));

const clusters = (dump: ConfigDump): Named => {
  const section = sectionOf(dump, 'ClustersConfigDump');
  const warming = configAt(listAt(section, 'dynamic_warming_clusters'), 'cluster', 'it is still warming');
  return named([...warming, ...configAt(listAt(section, 'dynamic_active_clusters'), 'cluster')]);
};

/** A listener as it is in use, else as it is to be once its routes are there. */
const listenerOf = (item: unknown): Found => {
  const name = textAt(item, 'name');
  const reason = textAt(item, 'error_state', 'details');
  const active = at(item, 'active_state', 'listener');
  if (isObject(active)) return { name, config: active, reason };
  const warming = at(item, 'warming_state', 'listener');
  return isObject(warming)
    ? { name, config: warming, reason: reason || 'it is still warming' }
    : { name, config: undefined, reason };
};

const listeners = (dump: ConfigDump): Named =>
  named(listAt(sectionOf(dump, 'ListenersConfigDump'), 'dynamic_listeners').map(listenerOf));

const routes = (dump: ConfigDump): Named =>
  named(configAt(listAt(sectionOf(dump, 'RoutesConfigDump'), 'dynamic_route_configs'), 'route_config'));

const extensions = (dump: ConfigDump): Named =>
  named(
    sectionsOf(dump, 'EcdsConfigDump').flatMap((section) => configAt(listAt(section, 'ecds_filters'), 'ecds_filter')),
  );

type Entries = readonly (readonly [key: string, value: unknown])[];

/** Whether each item of a list has a name, and each another. */
const hasNames = (list: readonly unknown[]): boolean => {
  const names = new Set(list.map((item) => textAt(item, 'name')));
  return names.size === list.length && !names.has('');
};

const fieldsOf = (object: JsonObject, path: string): Entries =>
  Object.entries(object).map(([field, value]) => [path === '' ? field : `.${field}`, value]);

/** The items of a list, by what tells which is to be compared with which. */
const itemsOf = (list: readonly unknown[], byName: boolean): Entries =>
  list.map((item, place) => [byName ? `[name=${textAt(item, 'name')}]` : `[${place}]`, item]);

/** What is within two values that are of one kind; undefined for those that are compared as a whole. */
const within = (wanted: unknown, found: unknown, path: string): readonly [Entries, Entries] | undefined => {
  if (isObject(wanted) && isObject(found)) return [fieldsOf(wanted, path), fieldsOf(found, path)];
  if (!Array.isArray(wanted) || !Array.isArray(found)) return undefined;
  const byName = hasNames(wanted) && hasNames(found);
  return [itemsOf(wanted, byName), itemsOf(found, byName)];
};

/** Filters and routes take effect in their order, so one that is named and moved is a difference, too. */
const orderDifference = (wanted: Entries, found: Entries, path: string): readonly FieldDifference[] => {
  const order = (entries: Entries): readonly string[] => entries.map(([key]) => key.slice('[name='.length, -1));
  const [left, right] = [order(wanted), order(found)];
  const isMoved = left.length === right.length && left.some((name, place) => name !== right[place]);
  return isMoved ? [{ path: `${path}[*].name`, wanted: left, found: right }] : [];
};

/** Where two values differ, as deep as both have something there. */
const differences = (wanted: unknown, found: unknown, path: string): readonly FieldDifference[] => {
  const pair = within(wanted, found, path);
  if (pair === undefined) return wanted === found ? [] : [{ path, wanted, found }];
  const left = new Map(pair[0]);
  const right = new Map(pair[1]);
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  const inner = keys.flatMap((key) => differences(left.get(key), right.get(key), path + key));
  return inner.length === 0 && Array.isArray(wanted) ? orderDifference(...pair, path) : inner;
};

/** What can be compared: without the secrets, which Envoy does not tell, under the field names of protobuf's JSON. */
const comparable = (config: JsonObject): unknown => redact(canonicalJson(untyped(config)));

const compareObject = (
  name: string,
  wanted: JsonObject | undefined,
  found: JsonObject | undefined,
  reason: string,
): readonly ObjectDifference[] => {
  if (wanted === undefined) return found === undefined ? [] : [{ name, change: 'extra', fields: [], reason }];
  if (found === undefined) return [{ name, change: 'missing', fields: [], reason }];
  const fields = differences(comparable(wanted), comparable(found), '');
  return fields.length === 0 && reason === '' ? [] : [{ name, change: 'differs', fields, reason }];
};

const compareNamed = (wanted: Named, found: Named): readonly ObjectDifference[] =>
  [...new Set([...wanted.keys(), ...found.keys()])].sort().flatMap((name) => {
    const reason = String(redact(found.get(name)?.reason ?? ''));
    return compareObject(name, wanted.get(name)?.config, found.get(name)?.config, reason);
  });

const PARTS = [
  ['Clusters', clusters],
  ['Listeners', listeners],
  ['Routes', routes],
  ['Extensions', extensions],
] as const;

/** What a proxy has, beside what istiod says it should have; extensions where there are any. */
export const compareDumps = (wanted: ConfigDump, found: ConfigDump): readonly PartDifference[] =>
  PARTS.map(([part, objectsOf]) => {
    const left = objectsOf(wanted);
    return { part, wanted: left.size, objects: compareNamed(left, objectsOf(found)) };
  }).filter(({ part, wanted: count, objects }) => part !== 'Extensions' || count + objects.length > 0);

/** When the proxy last took routes, in milliseconds since 1970; undefined where it never did, or does not say. */
export const routesLoadedAt = (dump: ConfigDump): number | undefined => {
  const items = listAt(sectionOf(dump, 'RoutesConfigDump'), 'dynamic_route_configs');
  const times = items.map((item) => Date.parse(textAt(item, 'last_updated'))).filter((ms) => !Number.isNaN(ms));
  return times.length === 0 ? undefined : times.reduce((latest, ms) => Math.max(latest, ms));
};
