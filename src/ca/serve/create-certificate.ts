/** One call of CreateCertificate: who asks, for what, and the chain or the refusal. */
import { Fault, type FaultKind } from '../../base/fault.ts';
import type { Authority } from '../authority.ts';
import type { Callers } from './callers.ts';
import { encodeChain, readQuestion } from './messages.ts';

/** Several times the largest request that anybody's key and names make. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** As google.rpc.Code numbers them. */
const CODE = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unauthenticated: 16,
} as const;

export interface GrpcReply {
  /** A code of google.rpc.Code; 0 is success. */
  readonly status: number;
  /** For a person; empty for success. */
  readonly message: string;
  /** The response message; undefined for a refusal. */
  readonly body?: Buffer;
}

const CODE_OF: Readonly<Partial<Record<FaultKind, number>>> = {
  input: CODE.invalidArgument,
  usage: CODE.invalidArgument,
  denied: CODE.permissionDenied,
};

const refuse = (status: number, message: string): GrpcReply => ({ status, message });

/** The one message of a unary call, after its five bytes of prefix; a refusal when there is not exactly that. */
const messageOf = (body: Buffer | undefined): Buffer | GrpcReply => {
  if (body === undefined) return refuse(CODE.resourceExhausted, `a request is at most ${MAX_MESSAGE_BYTES} bytes long`);
  if (body.length < 5 || body.readUInt32BE(1) !== body.length - 5)
    return refuse(CODE.invalidArgument, 'the body is not one gRPC message');
  if (body[0] !== 0) return refuse(CODE.unimplemented, 'compressed messages are not read');
  return body.subarray(5);
};

const sign = async (authority: Authority, spiffeId: string, message: Buffer): Promise<GrpcReply> => {
  const question = readQuestion(message);
  if (question === undefined) return refuse(CODE.invalidArgument, 'the message is no IstioCertificateRequest');
  const { requestPem, lifeSeconds, impersonated } = question;
  if (impersonated !== '') return refuse(CODE.unauthenticated, `${spiffeId} may not ask for another identity`);
  const lifeMs = lifeSeconds === undefined ? undefined : lifeSeconds * 1_000;
  try {
    const { certificatePem } = await authority.certify(requestPem, spiffeId, lifeMs);
    return { status: CODE.ok, message: '', body: encodeChain([certificatePem, authority.rootPem]) };
  } catch (error) {
    if (!(error instanceof Fault)) return refuse(CODE.internal, 'the request could not be signed');
    return refuse(CODE_OF[error.kind] ?? CODE.internal, error.message);
  }
};

/**
 * Answers a call. The identity is that of the bearer token and of nothing in the message; the body is read only for
 * callers that are known and within their rate. `readBody` gives undefined for one that is too long.
 */
export const createCertificate = async (
  authority: Authority,
  callers: Callers,
  authorization: string | undefined,
  readBody: () => Promise<Buffer | undefined>,
): Promise<GrpcReply> => {
  const [, token = ''] = /^bearer ([\w-]+)$/i.exec(authorization ?? '') ?? [];
  const spiffeId = callers.identityOf(token);
  if (spiffeId === undefined) return refuse(CODE.unauthenticated, 'the bearer token is missing or not known');
  if (!callers.mayAsk(spiffeId)) return refuse(CODE.resourceExhausted, `${spiffeId} asks for certificates too often`);
  const message = messageOf(await readBody());
  return Buffer.isBuffer(message) ? sign(authority, spiffeId, message) : message;
};
