/**
 * The messages of Envoy's authorization API over gRPC. Field numbers are those of envoy/service/auth/v3
 * (external_auth.proto, attribute_context.proto), envoy/config/core/v3 (base.proto, address.proto), envoy/type/v3
 * (http_status.proto) and google/rpc/status.proto.
 */

import { bytesField, numberField, readFields, textField, type WireValue } from '../../base/protobuf.ts';
import type { HeaderChange, HeaderLine, QueryChanges, Verdict } from '../../traffic/authorizer.ts';

/** One end of the connection that is asked about. */
interface Peer {
  readonly address: string;
  readonly port: number;
  /** SPIFFE id; empty for plaintext. */
  readonly principal: string;
}

export interface CheckFacts {
  readonly source: Peer;
  readonly destination: Peer;
  /** Absent for connections without HTTP. */
  readonly request?: CheckedRequest;
}

export interface CheckedRequest {
  readonly id: string;
  readonly method: string;
  /** Pseudo-headers included; one entry a name. */
  readonly headers: readonly HeaderLine[];
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  readonly protocol: string;
  readonly timeMs: number;
  readonly size: number;
  readonly body?: { readonly bytes: Buffer; readonly asBytes: boolean };
}

/** envoy.service.auth.v3.CheckRequest. */
export const encodeCheckRequest = ({ source, destination, request }: CheckFacts): Buffer =>
  bytesField(
    1,
    Buffer.concat([
      bytesField(1, encodePeer(source)),
      bytesField(2, encodePeer(destination)),
      ...(request === undefined ? [] : [bytesField(4, encodeRequest(request))]),
    ]),
  );

const encodePeer = ({ address, port, principal }: Peer): Buffer => {
  const socketAddress = Buffer.concat([textField(2, address), numberField(3, port)]);
  return Buffer.concat([bytesField(1, bytesField(1, socketAddress)), textField(4, principal)]);
};

const encodeRequest = (request: CheckedRequest): Buffer => {
  const { timeMs, body } = request;
  const seconds = Math.floor(timeMs / 1000);
  const time = Buffer.concat([numberField(1, seconds), numberField(2, Math.floor(timeMs - seconds * 1000) * 1e6)]);
  const http = Buffer.concat([
    textField(1, request.id),
    textField(2, request.method),
    ...request.headers.map(([name, value]) => bytesField(3, Buffer.concat([textField(1, name), textField(2, value)]))),
    textField(4, request.path),
    textField(5, request.host),
    textField(6, request.scheme),
    numberField(9, request.size),
    textField(10, request.protocol),
    ...(body === undefined ? [] : [bytesField(body.asBytes ? 12 : 11, body.bytes)]),
  ]);
  return Buffer.concat([bytesField(1, time), bytesField(2, http)]);
};

type Fields = ReadonlyMap<number, readonly WireValue[]>;

/** Of a message that is malformed. */
class Unreadable extends Error {}

const fieldsOf = (bytes: WireValue | undefined): Fields => {
  const read = Buffer.isBuffer(bytes) ? readFields(bytes) : [];
  if (read === undefined) throw new Unreadable();
  const fields = new Map<number, WireValue[]>();
  for (const [field, value] of read) {
    const known = fields.get(field);
    if (known === undefined) fields.set(field, [value]);
    else known.push(value);
  }
  return fields;
};

const numberOf = (fields: Fields, field: number): number => {
  const value = fields.get(field)?.at(-1) ?? 0;
  return typeof value === 'number' ? value : 0;
};

const textOf = (value: WireValue | undefined): string => (Buffer.isBuffer(value) ? value.toString('utf8') : '');

const messageOf = (fields: Fields, field: number): Fields | undefined =>
  fields.has(field) ? fieldsOf(fields.get(field)?.at(-1)) : undefined;

/** What envoy.service.auth.v3.CheckResponse says; undefined when it is none, or cannot be done as it says. */
export const decodeCheckResponse = (bytes: Buffer): Verdict | undefined => {
  try {
    return verdictOf(fieldsOf(bytes));
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
};

const verdictOf = (response: Fields): Verdict => {
  const status = messageOf(response, 1);
  if (status === undefined || numberOf(status, 1) === 0) {
    const ok: Fields = messageOf(response, 3) ?? new Map();
    return {
      kind: 'allow',
      toBackend: changesOf(ok.get(2)),
      remove: (ok.get(5) ?? []).map((name) => textOf(name).toLowerCase()),
      toClient: changesOf(ok.get(6)),
      query: queryOf(ok),
    };
  }
  const error = messageOf(response, 5);
  const refusal: Fields = error ?? messageOf(response, 2) ?? new Map();
  const code = numberOf(messageOf(refusal, 1) ?? new Map(), 1);
  return {
    kind: error === undefined ? 'deny' : 'error',
    ...(code > 0 ? { status: code } : error === undefined ? { status: 403 } : {}),
    headers: changesOf(refusal.get(2)).map(({ name, value }) => [name, value]),
    body: textOf(refusal.get(3)?.at(-1)),
  };
};

const queryOf = (ok: Fields): QueryChanges => ({
  set: (ok.get(7) ?? []).map((parameter): HeaderLine => {
    const fields = fieldsOf(parameter);
    return [textOf(fields.get(1)?.at(-1)), textOf(fields.get(2)?.at(-1))];
  }),
  remove: (ok.get(8) ?? []).map(textOf),
});

/** Of a header, or of a request's target. */
const NAME = /^(?::path|:authority|[!#$%&'*+\-.^_`|~0-9a-z]+)$/;

/** The values of HeaderAppendAction, from 0. */
const ACTIONS: readonly HeaderChange['how'][] = ['add', 'add-if-absent', 'set', 'set-if-present'];

const changesOf = (options: readonly WireValue[] | undefined): readonly HeaderChange[] =>
  (options ?? []).map((option) => {
    const fields = fieldsOf(option);
    const header = fieldsOf(fields.get(1)?.at(-1));
    const name = textOf(header.get(1)?.at(-1)).toLowerCase();
    const value = textOf(header.get(2)?.at(-1)) || textOf(header.get(3)?.at(-1));
    // `append`, which was before there were actions.
    const append = messageOf(fields, 2);
    const how = append === undefined ? ACTIONS[numberOf(fields, 3)] : numberOf(append, 1) === 0 ? 'set' : 'append';
    if (how === undefined || !NAME.test(name)) throw new Unreadable();
    return { how, name, value };
  });
