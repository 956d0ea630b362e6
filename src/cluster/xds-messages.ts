import { bytesField, readFields, textField, type WireValue } from '../base/protobuf.ts';

/*
 * The messages of envoy/service/discovery/v3/discovery.proto and envoy/config/core/v3/base.proto that one question to
 * istiod needs; the numbers are theirs.
 */

/** One question: a type, and for some types which of its resources. */
export interface DiscoveryQuestion {
  /** `istio.io/debug/syncz`. */
  readonly typeUrl: string;
  readonly resourceNames: readonly string[];
  /** Namespace and service account of who asks. */
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** `google.protobuf.Any`. */
interface DiscoveryResource {
  readonly typeUrl: string;
  readonly value: Buffer;
}

export interface DiscoveryAnswer {
  /** Which istiod answered, as it describes itself: JSON. */
  readonly controlPlane: string;
  readonly resources: readonly DiscoveryResource[];
}

/** `google.protobuf.Struct` of texts: an entry of the map `fields` (1) is key (1) and Value (2), whose text is field 3. */
const struct = (fields: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(
    Object.entries(fields).map(([key, value]) =>
      bytesField(1, Buffer.concat([bytesField(1, key), bytesField(2, bytesField(3, value))])),
    ),
  );

/** `DiscoveryRequest`: node (2: id 1, metadata 3), resource_names (3), type_url (4). */
export const encodeRequest = ({ typeUrl, resourceNames, namespace, serviceAccount }: DiscoveryQuestion): Buffer => {
  // istiod takes four parts apart and gives debug information to nodes that name its generator of events.
  const id = `sidecar~127.0.0.1~heddle.${namespace}~${namespace}.svc.cluster.local`;
  const metadata = struct({ GENERATOR: 'event', NAMESPACE: namespace, SERVICE_ACCOUNT: serviceAccount });
  return Buffer.concat([
    bytesField(2, Buffer.concat([textField(1, id), bytesField(3, metadata)])),
    ...resourceNames.map((name) => textField(3, name)),
    textField(4, typeUrl),
  ]);
};

const bytesOf = (value: WireValue | undefined): Buffer => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));

/** The fields of one number, in their order; none where the bytes are no message. */
const fieldsOf = (message: Buffer, field: number): readonly Buffer[] =>
  (readFields(message) ?? []).filter(([number]) => number === field).map(([, value]) => bytesOf(value));

const textOf = (message: Buffer, field: number): string => (fieldsOf(message, field).at(-1) ?? '').toString();

/** `DiscoveryResponse`: resources (2: type_url 1, value 2), control_plane (6: identifier 1). */
export const decodeResponse = (message: Buffer): DiscoveryAnswer => ({
  controlPlane: fieldsOf(message, 6)
    .map((controlPlane) => textOf(controlPlane, 1))
    .join(''),
  resources: fieldsOf(message, 2).map((resource) => ({
    typeUrl: textOf(resource, 1),
    value: fieldsOf(resource, 2).at(-1) ?? Buffer.alloc(0),
  })),
});
