import { Fault } from '../base/fault.ts';
import type { Deadline } from './deadline.ts';

/** Which API server a failure is about: every Fault of the room names it. */
export interface Endpoint {
  /** Empty within a pod. */
  readonly context: string;
  readonly server: string;
}

/** What the API server says of a request it refused: `v1.Status`. */
interface Status {
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

/** One refused request; `action` reads after "cannot": `list pods in namespace "default"`. */
export interface Refusal {
  readonly action: string;
  readonly statusCode: number;
  readonly body: string;
}

/** `https://10.0.0.1:6443 (context "prod")`. */
export const nameOf = ({ context, server }: Endpoint): string =>
  context === '' ? server : `${server} (context "${context}")`;

const readStatus = (body: string): Status | undefined => {
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status !== 'object' || status === null) return undefined;
    const { reason, message } = status as Readonly<Record<string, unknown>>;
    return {
      reason: typeof reason === 'string' ? reason : undefined,
      message: typeof message === 'string' ? message : undefined,
    };
  } catch {
    return undefined;
  }
};

const DENIED = [
  /^admission webhook "([^"]+)" denied the request/,
  /ValidatingAdmissionPolicy '([^']+)'.* denied request/,
];
const WEBHOOK_FAILED = /failed calling webhook "([^"]+)"/;

const admissionFault = (action: string, message: string, endpoint: Endpoint): Fault | undefined => {
  const deniedBy = DENIED.map((pattern) => pattern.exec(message)?.[1]).find((name) => name !== undefined);
  if (deniedBy !== undefined)
    return new Fault(`cannot ${action}: ${message}`, {
      kind: 'failure',
      code: 'ADMISSION_DENIED',
      hint: `"${deniedBy}" of ${nameOf(endpoint)} refuses it: change what it objects to, or ask whoever runs it`,
    });
  const failed = WEBHOOK_FAILED.exec(message)?.[1];
  if (failed === undefined) return undefined;
  return new Fault(`cannot ${action}: ${message}`, {
    kind: 'failure',
    code: 'WEBHOOK_FAILED',
    hint: `the API server cannot call the webhook "${failed}": see that the service behind it runs, or remove its configuration`,
  });
};

/** The Fault for an answer with an error status. */
export const refusalFault = ({ action, statusCode, body }: Refusal, endpoint: Endpoint): Fault => {
  const status = readStatus(body);
  const where = nameOf(endpoint);
  if (status === undefined && statusCode >= 400 && /^\s*</.test(body))
    return new Fault(
      `cannot ${action}: ${where} answers ${statusCode} with a web page, so it is no Kubernetes API server`,
      {
        kind: 'unreachable',
        code: 'CLUSTER_UNREACHABLE',
        hint: 'correct "server" in the kubeconfig, or look for a proxy or login page between here and there',
      },
    );
  const message = status?.message ?? `HTTP status ${statusCode}`;
  const admission = admissionFault(action, message, endpoint);
  if (admission !== undefined) return admission;
  const text = `cannot ${action}: ${message}`;
  // Server-side apply answers 500 where a list names one key twice, or a field has the wrong type.
  switch (message.startsWith('failed to create typed patch object') ? 422 : statusCode) {
    case 400:
    case 413:
    case 415:
    case 422:
      return new Fault(text, {
        kind: 'input',
        code: 'INVALID_OBJECT',
        hint: `${where} refuses the object as it is: correct the fields named`,
      });
    case 401:
      return new Fault(`cannot ${action}: ${where} does not accept these credentials`, {
        kind: 'denied',
        code: 'UNAUTHENTICATED',
        hint: 'log in to the cluster again, or choose another user with --context or --kubeconfig',
      });
    case 403:
      return new Fault(`not allowed to ${action}: ${message}`, {
        kind: 'denied',
        code: 'FORBIDDEN',
        hint: `ask who runs ${where} for a role that allows it, or choose another user with --context or --as`,
      });
    case 404:
      return new Fault(text, { kind: 'failure', code: 'NOT_FOUND', hint: `look on ${where} whether it is there` });
    case 410:
      return new Fault(text, { kind: 'failure', code: 'EXPIRED', hint: 'run again' });
    case 409:
      return new Fault(text, {
        kind: 'failure',
        code: status?.reason === 'AlreadyExists' ? 'ALREADY_EXISTS' : 'CONFLICT',
        hint: 'somebody else changed the same thing: look at it and run again',
      });
    case 504:
      return timeoutFault(action, endpoint, undefined);
    case 429:
    case 503:
      return new Fault(`cannot ${action}: ${where} is not ready to answer: ${message}`, {
        kind: 'unreachable',
        code: 'CLUSTER_UNREACHABLE',
        hint: 'wait until the API server has started or is less busy, and run again',
      });
    default:
      return new Fault(`cannot ${action}: ${where}: ${message}`, {
        kind: 'failure',
        code: 'CLUSTER_FAILED',
        hint: 'the API server failed on its own: its log says why',
      });
  }
};

/** The Fault for a kind, named `Gateway.networking.istio.io/v1`, that the API server does not have. */
export const notServedFault = (kind: string, endpoint: Endpoint): Fault =>
  new Fault(`${nameOf(endpoint)} does not serve ${kind}`, {
    kind: 'failure',
    code: 'KIND_NOT_SERVED',
    hint: 'install the CustomResourceDefinition of the kind first, or use a version that this API server has',
  });

/** The Fault for a call that got no answer within its limit, in milliseconds where it is known. */
const timeoutFault = (action: string, endpoint: Endpoint, timeoutMs: number | undefined): Fault =>
  new Fault(
    `cannot ${action}: ${nameOf(endpoint)} did not answer${timeoutMs === undefined ? ' in time' : ` within ${timeoutMs / 1000}s`}`,
    {
      kind: 'timeout',
      code: 'CLUSTER_TIMEOUT',
      hint: 'the API server is slow or the network loses packets: wait longer with --kubeclient-timeout',
    },
  );

/** The Fault for a call the user ended. */
export const interruptedFault = (action: string): Fault =>
  new Fault(`interrupted: ${action}`, { kind: 'interrupted', code: 'INTERRUPTED' });

/** The Fault for a call whose time is over, or that the user ended. */
export const endedFault = (action: string, endpoint: Endpoint, deadline: Deadline): Fault =>
  deadline.isTimeout() ? timeoutFault(action, endpoint, deadline.timeoutMs) : interruptedFault(action);

const UNKNOWN_AUTHORITY = [
  'its certificate is signed by an unknown authority',
  'put the right "certificate-authority-data" into the kubeconfig',
] as const;

/** Codes of the system, of TLS and of the HTTP parser. */
const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ECONNREFUSED: ['connection refused', 'see that the cluster runs, and that the address is right'],
  ECONNRESET: ['the connection was cut', 'see that the cluster runs and run again'],
  EPIPE: ['the connection was cut', 'see that the cluster runs and run again'],
  ENOTFOUND: ['no such host', 'correct "server" in the kubeconfig, or look whether this machine resolves names'],
  EAI_AGAIN: ['the name cannot be resolved', 'see whether this machine has a network'],
  EHOSTUNREACH: ['no route to the host', 'see whether this machine has a network, or needs a VPN'],
  ENETUNREACH: ['no network', 'see whether this machine has a network, or needs a VPN'],
  ETIMEDOUT: ['no answer', 'see whether this machine needs a VPN to reach the cluster'],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'renew the certificate of the API server, or correct the clock'],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', 'correct the clock of this machine or of the server'],
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'its certificate is for another name',
    'use a name of the certificate as "server", or set "tls-server-name" in the kubeconfig',
  ],
  EPROTO: ['it does not speak TLS as expected', 'see whether "server" wants http or https, and the right port'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak TLS', 'see whether "server" wants http, and the right port'],
  HPE_INVALID_CONSTANT: ['it does not speak HTTP', 'see whether "server" wants https, and the right port'],
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The Fault for an API server that cannot be reached, with the system's reason in words. */
export const unreachableFault = (action: string, endpoint: Endpoint, cause: unknown): Fault => {
  const [why, hint] = REASONS[codeOf(cause)] ?? [
    cause instanceof Error && cause.message !== '' ? cause.message : 'no connection',
    'see that the cluster runs and that this machine reaches it',
  ];
  return new Fault(`cannot reach Kubernetes API ${nameOf(endpoint)} to ${action}: ${why}`, {
    kind: 'unreachable',
    code: 'CLUSTER_UNREACHABLE',
    hint,
    cause,
  });
};
