import type { Problem } from '../base/problem.ts';
import { fieldOf, isObject, type JsonObject, textAt } from './json.ts';
import { parseJson } from './parse-json.ts';
import { namespaceIn, type ProxySync, stateOf, type TypeSync } from './sync-state.ts';

/** Go's time of nothing, which istiod writes for what it never sent. */
const NEVER = '0001-01-01T00:00:00Z';

const timeOf = (text: string): number | undefined => {
  const ms = text === NEVER ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
};

const typeSync = (typeUrl: string, status: unknown): TypeSync => {
  const error = textAt(status, 'lastError');
  return {
    typeUrl,
    state: stateOf(textAt(status, 'sent'), textAt(status, 'acked'), error),
    sentMs: timeOf(textAt(status, 'sentTime')),
    error,
  };
};

/** The fields of an istiod that does not know `resources`, by the type they are of. */
const OLD_FIELDS = [
  ['cluster', 'envoy.config.cluster.v3.Cluster'],
  ['listener', 'envoy.config.listener.v3.Listener'],
  ['endpoint', 'envoy.config.endpoint.v3.ClusterLoadAssignment'],
  ['route', 'envoy.config.route.v3.RouteConfiguration'],
  ['extensionconfig', 'envoy.config.core.v3.TypedExtensionConfig'],
] as const;

const oldTypes = (entry: JsonObject): readonly TypeSync[] =>
  OLD_FIELDS.filter(([field]) => textAt(entry, `${field}_sent`) !== '').map(([field, type]) =>
    typeSync(`type.googleapis.com/${type}`, {
      sent: textAt(entry, `${field}_sent`),
      acked: textAt(entry, `${field}_acked`),
    }),
  );

const typesOf = (entry: JsonObject): readonly TypeSync[] => {
  const resources = fieldOf(entry, 'resources');
  return isObject(resources)
    ? Object.entries(resources).map(([typeUrl, status]) => typeSync(typeUrl, status))
    : oldTypes(entry);
};

/** Whether a connection is a proxy's: tools that ask istiod are listed as well, and follow debug types, or none. */
const isProxy = ({ types }: ProxySync): boolean => types.some(({ typeUrl }) => !typeUrl.startsWith('istio.io/debug'));

/** The proxies in the JSON that istiod answers to `/debug/syncz`; a Problem where it is something else. */
export const readSyncz = (text: string): readonly ProxySync[] | Problem => {
  const parsed = parseJson(text);
  const notSyncz = (message: string): Problem => ({ severity: 'error', code: 'NOT_SYNCZ', message });
  if ('problem' in parsed) return notSyncz(parsed.problem.message);
  const { value } = parsed;
  // Go writes a list of nothing as null.
  if (value !== null && !Array.isArray(value)) return notSyncz('is no list of proxies');
  return ((value ?? []) as readonly unknown[])
    .filter(isObject)
    .map((entry) => {
      const name = textAt(entry, 'proxy');
      return {
        name,
        namespace: namespaceIn(name),
        cluster: textAt(entry, 'cluster_id'),
        version: textAt(entry, 'istio_version'),
        types: typesOf(entry),
      };
    })
    .filter(isProxy);
};
