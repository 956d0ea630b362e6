import type { Duplex } from 'node:stream';

/** A Kubernetes object as the API server gives and takes it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A kind of object: what `apiVersion` and `kind` of its manifests say. */
export interface Kind {
  /** `apps/v1`, `v1`. */
  readonly apiVersion: string;
  readonly kind: string;
}

/** One object; `namespace` is absent for what belongs to the whole cluster. */
export interface ObjectRef extends Kind {
  readonly namespace?: string;
  readonly name: string;
}

/** A kind as the API server's discovery serves it. */
export interface ServedKind extends Kind {
  /** As paths and access reviews name it: `deployments`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
}

/** How long one call may take, and who may end it earlier. */
export interface CallLimits {
  /** Default: the limit the connection was opened with. */
  readonly timeoutMs?: number;
  /** Ends the call beside the signal of the connection. */
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallLimits {
  /** All namespaces where absent. */
  readonly namespace?: string;
  /** Kubernetes' own syntax: `app=istiod,istio.io/rev in (a,b),!istio.io/tag`. */
  readonly labels?: string;
  /** `status.phase=Running`. */
  readonly fields?: string;
}

export interface WriteOptions extends CallLimits {
  /** The owner of the fields that are written: `istio-operator`. */
  readonly fieldManager: string;
  /** The API server checks and answers as if it had written, and writes nothing. */
  readonly isDryRun?: boolean;
}

interface ApplyOptions extends WriteOptions {
  /** Takes fields over from other managers rather than fail with a conflict. */
  readonly force?: boolean;
}

interface RemoveOptions extends CallLimits {
  /** `Foreground` waits for what the object owns. */
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
  readonly isDryRun?: boolean;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
}

/** What somebody asks to be allowed to do. */
export interface Access {
  /** `create`, `list`, ... */
  readonly verb: string;
  readonly group: string;
  /** `deployments`, `pods/portforward`. */
  readonly resource: string;
  readonly namespace?: string;
}

export interface KubernetesVersion {
  readonly major: string;
  readonly minor: string;
  /** `v1.32.1-gke.100`. */
  readonly gitVersion: string;
}

/** One container of a pod. */
export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  /** The pod's only one where absent. */
  readonly container?: string;
}

export interface LogOptions extends CallLimits {
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** The run before the last restart. */
  readonly isPrevious?: boolean;
}

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string;
  readonly expirationSeconds: number;
}

/** What a program printed in a container, and how it ended. */
export interface Executed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * A Kubernetes API server through one context of a kubeconfig. Every call ends within its limit and throws a Fault that
 * names the server and context, what was asked, and what to try: `CLUSTER_UNREACHABLE`, `CLUSTER_TIMEOUT`,
 * `UNAUTHENTICATED`, `FORBIDDEN` (verb, resource and namespace named), `CONFLICT`, `ALREADY_EXISTS`, `NOT_FOUND`,
 * `ADMISSION_DENIED` (by which webhook), `WEBHOOK_FAILED`, `INVALID_OBJECT`, `KIND_NOT_SERVED`, `CLUSTER_FAILED`,
 * `CREDENTIAL_PLUGIN_FAILED`, `INTERRUPTED`.
 */
export interface Cluster {
  /** Name of the context; empty within a pod. */
  readonly context: string;
  readonly server: string;
  /** The context's namespace, `default` where it names none. */
  readonly namespace: string;
  version(limits?: CallLimits): Promise<KubernetesVersion>;
  /** Undefined where the API server does not serve it; asked once per group and version. */
  served(kind: Kind, limits?: CallLimits): Promise<ServedKind | undefined>;
  /** Every `group/version` served. */
  apiVersions(limits?: CallLimits): Promise<readonly string[]>;
  /** Undefined where there is no such object, or kind. */
  get(ref: ObjectRef, limits?: CallLimits): Promise<KubernetesObject | undefined>;
  /** All pages; undefined where the kind is not served. */
  list(kind: Kind, options?: ListOptions): Promise<readonly KubernetesObject[] | undefined>;
  /** Server-side apply: creates the object, or makes the fields given be as given. */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject>;
  create(object: KubernetesObject, options: WriteOptions): Promise<KubernetesObject>;
  /** Replaces the object; a CONFLICT Fault where `metadata.resourceVersion` is not the newest. */
  replace(object: KubernetesObject, options: WriteOptions): Promise<KubernetesObject>;
  /** False where there was no such object. */
  remove(ref: ObjectRef, options?: RemoveOptions): Promise<boolean>;
  /**
   * The objects there are, as ADDED, one BOOKMARK when they are complete, then every change until the caller leaves the
   * loop or the signal aborts; begins again by itself where the server ends a watch.
   */
  watch(kind: Kind, options?: ListOptions): AsyncIterable<WatchEvent>;
  /** Whether whoever the context stands for may do it. */
  may(access: Access, limits?: CallLimits): Promise<boolean>;
  /** A token for a service account, and for nothing but the audience. */
  token(request: TokenRequest, limits?: CallLimits): Promise<string>;
  /**
   * A connection to a port of a pod, which the caller destroys. A refused port is a Fault `PORT_REFUSED`, not silence: of
   * this call or, when the refusal comes later, as the error of the stream.
   */
  connect(
    pod: { readonly namespace: string; readonly name: string },
    port: number,
    limits?: CallLimits,
  ): Promise<Duplex>;
  logs(container: ContainerRef, options?: LogOptions): Promise<string>;
  exec(container: ContainerRef, command: readonly string[], limits?: CallLimits): Promise<Executed>;
  close(): void;
}
