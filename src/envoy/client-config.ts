import { readFields, type WireValue } from '../base/protobuf.ts';
import { namespaceIn, type ProxySync, type SyncState, type TypeSync } from './sync-state.ts';

/*
 * What istiod answers to `istio.io/debug/syncz` over XDS: for each proxy an `envoy.service.status.v3.ClientConfig`. The
 * numbers are those of envoy/service/status/v3/csds.proto, envoy/config/core/v3/base.proto and
 * envoy/admin/v3/config_dump_shared.proto.
 */

type Message = readonly (readonly [field: number, value: WireValue])[];

const message = (value: WireValue | undefined): Message =>
  (Buffer.isBuffer(value) ? readFields(value) : undefined) ?? [];

const last = (fields: Message, number: number): WireValue | undefined =>
  fields.findLast(([field]) => field === number)?.[1];

const all = (fields: Message, number: number): readonly Message[] =>
  fields.filter(([field]) => field === number).map(([, value]) => message(value));

const text = (value: WireValue | undefined): string => (Buffer.isBuffer(value) ? value.toString('utf8') : '');

const number = (value: WireValue | undefined): number => (typeof value === 'number' ? value : 0);

/** Of `ConfigStatus`; 0 is UNKNOWN: a type the proxy does not follow. */
const STATES: readonly (SyncState | undefined)[] = [undefined, 'SYNCED', 'NOT SENT', 'STALE', 'ERROR'];

const MAX_SECONDS = 2 ** 40;

/** A `Timestamp`; before 1970, which as a varint is huge, stands Go's time of nothing. */
const timeOf = (timestamp: Message): number | undefined => {
  const seconds = number(last(timestamp, 1));
  return seconds > 0 && seconds < MAX_SECONDS
    ? seconds * 1000 + Math.floor(number(last(timestamp, 2)) / 1e6)
    : undefined;
};

/** A `GenericXdsConfig`: type_url 1, last_updated 5, config_status 6, error_state 8 with details 3. */
const genericSync = (config: Message): readonly TypeSync[] => {
  const state = STATES[number(last(config, 6))];
  if (state === undefined) return [];
  const error = text(last(message(last(config, 8)), 3));
  return [{ typeUrl: text(last(config, 1)), state, sentMs: timeOf(message(last(config, 5))), error }];
};

/** The fields of `PerXdsConfig`, which istiods before `GenericXdsConfig` use, by the type that they are of. */
const TYPE_OF_FIELD = new Map([
  [2, 'envoy.config.listener.v3.Listener'],
  [3, 'envoy.config.cluster.v3.Cluster'],
  [4, 'envoy.config.route.v3.RouteConfiguration'],
  [6, 'envoy.config.endpoint.v3.ClusterLoadAssignment'],
]);

/** A `PerXdsConfig`: status 1, and an empty dump in the field of its type. */
const oldSync = (config: Message): readonly TypeSync[] => {
  const state = STATES[number(last(config, 1))];
  const type = config.flatMap(([field]) => TYPE_OF_FIELD.get(field) ?? [])[0];
  if (state === undefined || type === undefined) return [];
  return [{ typeUrl: `type.googleapis.com/${type}`, state, sentMs: undefined, error: '' }];
};

/** The texts of a Struct: entries of the map `fields` (1) are key (1) and Value (2), whose text is field 3. */
const structTexts = (struct: Message): ReadonlyMap<string, string> =>
  new Map(all(struct, 1).map((entry) => [text(last(entry, 1)), text(last(message(last(entry, 2)), 3))]));

/** Reads one ClientConfig: node (1: id 1, metadata 3), xds_config (2), generic_xds_configs (3). */
export const readClientConfig = (bytes: Buffer): ProxySync => {
  const config = message(bytes);
  const node = message(last(config, 1));
  const metadata = structTexts(message(last(node, 3)));
  const name = text(last(node, 1));
  const generic = all(config, 3);
  return {
    name,
    namespace: metadata.get('NAMESPACE') ?? namespaceIn(name),
    cluster: metadata.get('CLUSTER_ID') ?? '',
    version: metadata.get('ISTIO_VERSION') ?? '',
    types: generic.length > 0 ? generic.flatMap(genericSync) : all(config, 2).flatMap(oldSync),
  };
};
