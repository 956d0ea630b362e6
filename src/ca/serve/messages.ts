/** The messages of Istio's certificate service, istio.v1.auth, as its clients write and read them. */
import { bytesField, readFields, type WireValue } from '../../base/protobuf.ts';

/** The one method of the service, as the path of a request. */
export const CREATE_CERTIFICATE = '/istio.v1.auth.IstioCertificateService/CreateCertificate';

/** IstioCertificateRequest, as far as it counts here. */
export interface CertificateQuestion {
  /** PKCS #10, PEM. */
  readonly requestPem: string;
  /** Undefined leaves the lifetime to the authority, which is what 0 and less mean. */
  readonly lifeSeconds: number | undefined;
  /** The metadata's ImpersonatedIdentity, by which node proxies ask for others; empty without one. */
  readonly impersonated: string;
}

type Fields = readonly (readonly [field: number, value: WireValue])[];

const REQUEST = { csr: 1, validityDuration: 3, metadata: 4 } as const;
const CERT_CHAIN = 1;
/** google.protobuf.Struct's map, an entry of it, and a Value's text. */
const STRUCT = { fields: 1, key: 1, value: 2, stringValue: 3 } as const;
/** Negative numbers travel as 64 bits with the highest one set. */
const FIRST_NEGATIVE = 2 ** 63;

/** The last value of a field, which is the one that counts; no bytes where it is absent or no length-delimited one. */
const bytesOf = (fields: Fields, field: number): Buffer => {
  const value = fields.findLast(([number]) => number === field)?.[1];
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
};

const textOf = (struct: Buffer, key: string): string | undefined => {
  const entries = readFields(struct);
  if (entries === undefined) return undefined;
  for (const [field, entry] of entries) {
    const pair = field === STRUCT.fields && Buffer.isBuffer(entry) ? readFields(entry) : [];
    if (pair === undefined) return undefined;
    if (bytesOf(pair, STRUCT.key).toString('utf8') !== key) continue;
    const value = readFields(bytesOf(pair, STRUCT.value));
    return value === undefined ? undefined : bytesOf(value, STRUCT.stringValue).toString('utf8');
  }
  return '';
};

/** Decodes a request; undefined when the bytes are none. */
export const readQuestion = (message: Buffer): CertificateQuestion | undefined => {
  const fields = readFields(message);
  if (fields === undefined) return undefined;
  const impersonated = textOf(bytesOf(fields, REQUEST.metadata), 'ImpersonatedIdentity');
  if (impersonated === undefined) return undefined;
  const seconds = fields.findLast(([field]) => field === REQUEST.validityDuration)?.[1] ?? 0;
  if (typeof seconds !== 'number') return undefined;
  return {
    requestPem: bytesOf(fields, REQUEST.csr).toString('utf8'),
    lifeSeconds: seconds > 0 && seconds < FIRST_NEGATIVE ? seconds : undefined,
    impersonated,
  };
};

/** IstioCertificateResponse: certificates as PEM, the workload's first and the root last. */
export const encodeChain = (chain: readonly string[]): Buffer =>
  Buffer.concat(chain.map((pem) => bytesField(CERT_CHAIN, pem)));
