import { formatDuration } from '../../base/duration.ts';
import { printValue } from '../fmt/printer.ts';
import { fixed, type TemplateFunction, variadic } from '../functions.ts';
import { ANY, type GoType, INT, STRING, STRING_MAP } from '../type.ts';
import { GoInt, GoMap, type GoPointer, type GoSlice, GoStruct, type GoValue } from '../value.ts';
import { appendMultusNetwork } from './istio-multus.ts';
import { omitNil } from './istio-omit-nil.ts';
import { orElse } from './or-else.ts';
import { lowerCase, trimSpace } from './sprig/characters.ts';
import { environmentFunctions } from './sprig/environment.ts';
import { COMPACT } from './sprig/json.ts';
import { parseJson } from './sprig/json-read.ts';
import { toJsonValue } from './sprig/json-value.ts';
import { writeJson } from './sprig/json-write.ts';
import { goMap } from './sprig/make.ts';
import { writeYaml } from './write-yaml.ts';

/** What the injector's functions take from where they run. */
export interface InjectorPlatform {
  /** An environment variable of istiod; undefined or empty where it is not set. */
  readonly env: (name: string) => string | undefined;
  /** A message as JSON, a ProxyConfig without what is default. */
  readonly protoToJson: (message: GoValue) => string;
  /** Value of `OTEL_RESOURCE_ATTRIBUTES` from mesh config, annotations, labels, namespace and containers. */
  readonly otelResourceAttributes: (
    mesh: GoValue,
    annotations: ReadonlyMap<string, GoValue>,
    labels: ReadonlyMap<string, GoValue>,
    namespace: string,
    containers: readonly GoValue[],
  ) => string;
  /** The types of the data that functions ask for by name: those of the template data themselves. */
  readonly types: InjectorTypes;
}

/** Go types of the injector's template data. */
export interface InjectorTypes {
  /** `v1.ObjectMeta` of the pod. */
  readonly objectMeta: GoType<GoStruct>;
  /** `[]v1.Container`. */
  readonly containers: GoType<GoSlice>;
  /** `*v1alpha1.MeshConfig`. */
  readonly meshConfig: GoType;
  /** `*durationpb.Duration`. */
  readonly duration: GoType<GoPointer>;
}

const PROXY_CONTAINER = 'istio-proxy';
const UNTRACKED_PROTOCOLS: ReadonlySet<string> = new Set(['UDP', 'SCTP']);

const isSet = (value: GoValue): boolean => value !== '' && value !== null;

/** Adds a port to a list in text unless it is there. */
const excludeInboundPort = (port: GoValue, excluded: string): string => {
  const text = trimSpace(printValue(port));
  const ports = excluded.split(',');
  if (text === '' || text === '0' || ports.includes(text)) return excluded;
  return [...ports.map(trimSpace).filter((one) => one !== ''), text].join(',');
};

const readField = (value: GoValue, field: string): GoValue => (value instanceof GoStruct ? value.read(field) : null);

const itemsOf = (value: GoValue): readonly GoValue[] =>
  value !== null && typeof value === 'object' && 'items' in value ? (value.items ?? []) : [];

const portsOf = (container: GoValue): readonly string[] =>
  itemsOf(readField(container, 'Ports'))
    .filter((port) => !UNTRACKED_PROTOCOLS.has(printValue(readField(port, 'Protocol'))))
    .map((port) => printValue(readField(port, 'ContainerPort')));

const indent = (spaces: number, text: string): string => text.split('\n').join(`\n${' '.repeat(Math.abs(spaces))}`);

const annotation = (meta: GoStruct, name: string, fallback: GoValue): string => {
  const annotations = meta.read('Annotations');
  const value = annotations instanceof GoMap ? annotations.entries?.get(name) : undefined;
  return typeof value === 'string' ? value : printValue(fallback);
};

const mergeMaps = (maps: readonly GoMap[]): GoMap =>
  maps.length === 0
    ? new GoMap(STRING_MAP, undefined)
    : goMap(
        maps.flatMap((map) => Array.from(map.entries ?? [])),
        STRING_MAP,
      );

const strdict = (texts: readonly string[]): GoMap => {
  const entries: [string, string][] = [];
  for (let at = 0; at < texts.length; at += 2) entries.push([texts[at] ?? '', texts[at + 1] ?? '']);
  return goMap(entries, STRING_MAP);
};

const omit = (map: GoMap, keys: readonly string[]): GoMap => {
  const omitted = new Set(keys);
  return goMap(
    Array.from(map.entries ?? []).filter(([key]) => !omitted.has(key)),
    STRING_MAP,
  );
};

const toJson = (value: GoValue): string => writeJson(toJsonValue(value), COMPACT);

const lenient = (work: () => string, fallback: string): string => orElse(work, () => fallback);

const durationText = (duration: GoPointer): string => {
  const part = (field: string): number => {
    const value = readField(duration.target ?? null, field);
    return value instanceof GoInt ? Number(value.value) : 0;
  };
  return formatDuration(part('Seconds') * 1000 + part('Nanos') / 1e6);
};

const onText: readonly TemplateFunction[] = [
  fixed('directory', [STRING], (path) => path.slice(0, path.lastIndexOf('/') + 1)),
  fixed('contains', [STRING, STRING], (part, text) => text.includes(part)),
  fixed('toLower', [STRING], lowerCase),
  fixed('indent', [INT, STRING], (spaces, text, runtime) => {
    runtime.spend(Math.abs(Number(spaces.value)) * text.split('\n').length + text.length);
    return indent(Number(spaces.value), text);
  }),
  fixed('excludeInboundPort', [ANY, STRING], excludeInboundPort),
  fixed('kubevirtInterfaces', [STRING], (interfaces) => interfaces),
  fixed('excludeInterfaces', [STRING], (interfaces) => interfaces),
  fixed('appendMultusNetwork', [STRING, STRING], appendMultusNetwork),
];

const onValues: readonly TemplateFunction[] = [
  fixed('isset', [STRING_MAP, STRING], (map, key) => map.entries?.has(key) ?? false),
  fixed('valueOrDefault', [ANY, ANY], (value, fallback) => (isSet(value) ? value : fallback)),
  fixed('toJSON', [STRING_MAP], (map) => (map.entries === undefined ? '{}' : toJson(map))),
  fixed('structToJSON', [ANY], (value) => (value === null ? '{}' : lenient(() => toJson(value), '{}'))),
  fixed('fromJSON', [STRING], (text) =>
    orElse<GoValue>(
      () => parseJson(text),
      () => '{}',
    ),
  ),
  fixed('toYaml', [ANY], (value, runtime) => {
    const text = lenient(() => writeYaml(value), '');
    runtime.spend(text.length);
    return text;
  }),
  variadic('omit', [STRING_MAP], STRING, omit),
  variadic('strdict', [], STRING, strdict),
  variadic('toJsonMap', [], STRING_MAP, (maps) => toJson(mergeMaps(maps))),
  variadic('mergeMaps', [], STRING_MAP, mergeMaps),
  fixed('omitNil', [ANY], omitNil),
];

/** The functions that Istio's injector adds to sprig, replacing some of it: `indent` leaves the first line where it is. */
export const injectorFunctions = ({
  env,
  protoToJson,
  otelResourceAttributes,
  types,
}: InjectorPlatform): readonly TemplateFunction[] => [
  ...onText,
  ...onValues,
  ...environmentFunctions(env),
  fixed('env', [STRING, STRING], (name, fallback) => env(name) || fallback),
  fixed('annotation', [types.objectMeta, STRING, ANY], annotation),
  fixed('formatDuration', [types.duration], durationText),
  fixed('protoToJSON', [ANY], protoToJson),
  fixed('includeInboundPorts', [types.containers], (containers) => itemsOf(containers).flatMap(portsOf).join(',')),
  fixed('applicationPorts', [types.containers], (containers) =>
    itemsOf(containers)
      .filter((container) => readField(container, 'Name') !== PROXY_CONTAINER)
      .flatMap(portsOf)
      .join(','),
  ),
  fixed(
    'otelResourceAttributes',
    [types.meshConfig, STRING_MAP, STRING_MAP, STRING, types.containers],
    (mesh, annotations, labels, namespace, containers) =>
      otelResourceAttributes(
        mesh,
        annotations.entries ?? new Map<string, GoValue>(),
        labels.entries ?? new Map<string, GoValue>(),
        namespace,
        itemsOf(containers),
      ),
  ),
];
