import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Kind, KubernetesObject, ObjectRef, ServedKind, WatchEvent } from '../../../src/cluster/cluster.ts';
import { builtInKinds, definedKinds } from './kinds.ts';
import { managedFieldsOf, type Owners, ownersAfterUpdate, serverSideApply } from './server-side-apply.ts';

/** A refusal as the API server words it: `v1.Status`. */
export class Refused extends Error {
  readonly statusCode: number;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(statusCode: number, reason: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.reason = reason;
    this.details = details;
  }
}

type Change = WatchEvent & { readonly resourceVersion: number; readonly collection: string };

/** How one write is made. */
export interface Write {
  readonly manager: string;
  readonly isDryRun: boolean;
  readonly force: boolean;
}

/** The objects of a fake API server, with their history. */
export interface Store {
  kinds(): readonly ServedKind[];
  resourceVersion(): string;
  get(ref: ObjectRef): KubernetesObject | undefined;
  list(kind: Kind): readonly KubernetesObject[];
  /** Writes as the world does: creates or replaces, no manager, no check; answers what is stored. */
  put(object: KubernetesObject): KubernetesObject;
  create(object: KubernetesObject, write: Write): KubernetesObject;
  replace(object: KubernetesObject, write: Write): KubernetesObject;
  apply(object: KubernetesObject, write: Write): KubernetesObject;
  /** The removed object; undefined where there was none. */
  remove(ref: ObjectRef, isDryRun?: boolean): KubernetesObject | undefined;
  /** Every change of a kind after a version, then those to come; undefined where the version is forgotten. */
  changes(kind: Kind, since: string, listener: (event: WatchEvent) => void): (() => void) | undefined;
  /** Told of every change, by whomever. */
  onChange(listener: (event: WatchEvent) => void): void;
  /** Forgets the history: older versions are 410 Gone. */
  forget(): void;
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');

/** An object without what every write changes: equal bodies are no change. */
const bodyOf = ({ metadata, status: _, ...rest }: KubernetesObject): unknown => {
  const { resourceVersion: _version, managedFields, generation, ...kept } = metadata;
  return { ...rest, metadata: kept };
};

export const createStore = (): Store => {
  const builtIn = builtInKinds();
  const objects = new Map<string, KubernetesObject>();
  const owners = new Map<string, Owners>();
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  let newest = 1;
  let oldest = 0;

  const collectionOf = ({ apiVersion, kind }: Kind): string => `${groupOf(apiVersion)}/${kind}`;
  const isNamespaced = (kind: Kind): boolean =>
    kinds().find((served) => served.kind === kind.kind && served.apiVersion === kind.apiVersion)?.isNamespaced ?? true;
  const keyOf = (ref: ObjectRef): string =>
    `${collectionOf(ref)}/${isNamespaced(ref) ? (ref.namespace ?? 'default') : ''}/${ref.name}`;
  const refOf = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef => ({
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  });
  const list = (kind: Kind): readonly KubernetesObject[] =>
    [...objects]
      .filter(([key]) => key.startsWith(`${collectionOf(kind)}/`))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, object]) => ({ ...object, apiVersion: kind.apiVersion }));
  const kinds = (): readonly ServedKind[] => [
    ...builtIn,
    ...[...objects]
      .filter(([key]) => key.startsWith('apiextensions.k8s.io/'))
      .flatMap(([, object]) => definedKinds(object)),
  ];

  const tell = (type: WatchEvent['type'], object: KubernetesObject): void => {
    const change = { type, object, resourceVersion: newest, collection: collectionOf(object) };
    history.push(change);
    for (const listener of [...listeners]) listener(change);
  };

  /** What the server itself adds to an object. */
  const complete = (
    object: KubernetesObject,
    before: KubernetesObject | undefined,
    manager: Owners,
  ): KubernetesObject => {
    const isSame = before !== undefined && isDeepStrictEqual(before['spec'], object['spec']);
    const generation = before === undefined ? 1 : (before.metadata.generation ?? 1) + (isSame ? 0 : 1);
    const { metadata } = object;
    const namespace = isNamespaced(object) ? { namespace: metadata.namespace ?? 'default' } : {};
    const labels =
      object.kind === 'Namespace'
        ? { labels: { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name } }
        : {};
    return {
      ...object,
      ...initialStatus(object, before),
      metadata: {
        ...metadata,
        ...namespace,
        ...labels,
        uid: before?.metadata.uid ?? metadata.uid ?? randomUUID(),
        creationTimestamp: before?.metadata.creationTimestamp ?? metadata.creationTimestamp ?? new Date().toISOString(),
        generation,
        managedFields: managedFieldsOf(manager, object.apiVersion),
      },
    };
  };

  const save = (object: KubernetesObject, nextOwners: Owners, isDryRun: boolean): KubernetesObject => {
    const key = keyOf(refOf(object));
    const before = objects.get(key);
    const completed = complete(object, before, nextOwners);
    const isUnchanged =
      before !== undefined &&
      isDeepStrictEqual(bodyOf(before), bodyOf(completed)) &&
      isDeepStrictEqual(before['status'], completed['status']) &&
      isDeepStrictEqual(owners.get(key), nextOwners);
    if (isUnchanged) return before;
    const version = isDryRun ? newest : newest + 1;
    const saved = { ...completed, metadata: { ...completed.metadata, resourceVersion: String(version) } };
    if (isDryRun) return saved;
    newest = version;
    objects.set(key, saved);
    owners.set(key, nextOwners);
    tell(before === undefined ? 'ADDED' : 'MODIFIED', saved);
    return saved;
  };

  const demandNamespace = (object: KubernetesObject): void => {
    const namespace = isNamespaced(object) ? (object.metadata.namespace ?? 'default') : undefined;
    if (namespace === undefined || ['default', 'kube-system'].includes(namespace)) return;
    if (!objects.has(`/Namespace//${namespace}`))
      throw new Refused(404, 'NotFound', `namespaces "${namespace}" not found`);
  };

  const get = (ref: ObjectRef): KubernetesObject | undefined => {
    const found = objects.get(keyOf(ref));
    return found === undefined ? undefined : { ...found, apiVersion: ref.apiVersion };
  };

  const remove: Store['remove'] = (ref, isDryRun = false) => {
    const found = get(ref);
    if (found === undefined || isDryRun) return found;
    newest++;
    objects.delete(keyOf(ref));
    owners.delete(keyOf(ref));
    tell('DELETED', { ...found, metadata: { ...found.metadata, resourceVersion: String(newest) } });
    const isDependent = (object: KubernetesObject): boolean =>
      (object.metadata['ownerReferences'] as readonly { uid: string }[] | undefined)?.some(
        ({ uid }) => uid === found.metadata.uid,
      ) === true;
    for (const object of [...objects.values()])
      if (isDependent(object) || (ref.kind === 'Namespace' && object.metadata.namespace === ref.name))
        remove(refOf(object));
    return found;
  };

  return {
    kinds,
    resourceVersion: () => String(newest),
    get,
    list,
    put: (object) => save(object, owners.get(keyOf(refOf(object))) ?? new Map(), false),
    create: (object, { manager, isDryRun }) => {
      demandNamespace(object);
      if (get(refOf(object)) !== undefined)
        throw new Refused(
          409,
          'AlreadyExists',
          `${object.kind.toLowerCase()} "${object.metadata.name}" already exists`,
        );
      return save(object, ownersAfterUpdate({}, object, new Map(), manager), isDryRun);
    },
    replace: (object, { manager, isDryRun }) => {
      const before = get(refOf(object));
      if (before === undefined) throw new Refused(404, 'NotFound', `"${object.metadata.name}" not found`);
      const { resourceVersion } = object.metadata;
      if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
        throw new Refused(
          409,
          'Conflict',
          `Operation cannot be fulfilled on "${object.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
        );
      return save(
        object,
        ownersAfterUpdate(before, object, owners.get(keyOf(refOf(object))) ?? new Map(), manager),
        isDryRun,
      );
    },
    apply: (object, { manager, isDryRun, force }) => {
      demandNamespace(object);
      const before = get(refOf(object));
      const result = serverSideApply(
        before ?? {},
        owners.get(keyOf(refOf(object))) ?? new Map(),
        object,
        manager,
        force,
      );
      if ('object' in result) return save(result.object as unknown as KubernetesObject, result.owners, isDryRun);
      const [first] = result.conflicts;
      throw new Refused(
        409,
        'Conflict',
        `Apply failed with ${result.conflicts.length} conflict: conflict with "${first?.manager}": .${first?.path.replaceAll('/', '.')}`,
        {
          causes: result.conflicts.map(({ manager: other, path }) => ({
            reason: 'FieldManagerConflict',
            message: `conflict with "${other}"`,
            field: `.${path.replaceAll('/', '.')}`,
          })),
        },
      );
    },
    remove,
    changes: (kind, since, listener) => {
      const from = Number(since);
      if (from < oldest) return undefined;
      const wanted = collectionOf(kind);
      const pass = (change: Change): void => {
        if (change.collection === wanted)
          listener({ type: change.type, object: { ...change.object, apiVersion: kind.apiVersion } });
      };
      for (const change of history) if (change.resourceVersion > from) pass(change);
      listeners.add(pass);
      return () => void listeners.delete(pass);
    },
    onChange: (listener) => void listeners.add(listener),
    forget: () => {
      history.length = 0;
      newest++;
      oldest = newest;
    },
  };
};

/** The status the server's own controllers give at once. */
const initialStatus = (
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): { readonly status?: unknown } => {
  const status = object['status'] ?? before?.['status'];
  if (status !== undefined) return { status };
  if (object.kind === 'Namespace') return { status: { phase: 'Active' } };
  return object.kind === 'CustomResourceDefinition'
    ? {
        status: {
          conditions: [
            { type: 'Established', status: 'True' },
            { type: 'NamesAccepted', status: 'True' },
          ],
        },
      }
    : {};
};
