import { Fault } from '../base/fault.ts';
import type { Cluster, Kind, KubernetesObject, ListOptions, ServedKind, WriteOptions } from './cluster.ts';
import type { Discovery } from './discovery.ts';
import { notServedFault } from './errors.ts';
import { collectionPath, kindName, subjectOf } from './paths.ts';
import { type Call, type Connection, find, send } from './request.ts';

type Objects = Pick<Cluster, 'get' | 'list' | 'apply' | 'create' | 'replace' | 'remove'>;

/** `v1.List` of any kind; its items do not repeat their kind. */
interface ListAnswer {
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
  readonly items?: readonly KubernetesObject[] | null;
}

/** Everything of a kind at one moment. */
export interface Listed {
  readonly objects: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

const PAGE_SIZE = '500';

/** The query a selection becomes. */
export const selectorQuery = ({ labels, fields }: ListOptions): Readonly<Record<string, string | undefined>> => ({
  labelSelector: labels,
  fieldSelector: fields,
});

/** All pages of a kind; begins again in one piece where a page came too late. */
export const listAll = async (connection: Connection, kind: ServedKind, options: ListOptions): Promise<Listed> => {
  const pages = async (limit: string | undefined): Promise<Listed> => {
    const objects: KubernetesObject[] = [];
    let next: string | undefined;
    for (;;) {
      const answer = (await send(
        connection,
        {
          method: 'GET',
          action: `list ${subjectOf(kind, undefined, options.namespace)}`,
          path: collectionPath(kind, options.namespace),
          query: { ...selectorQuery(options), limit, continue: next },
        },
        options,
      )) as ListAnswer;
      for (const item of answer.items ?? []) objects.push({ ...item, apiVersion: kind.apiVersion, kind: kind.kind });
      next = answer.metadata?.continue || undefined;
      if (next === undefined) return { objects, resourceVersion: answer.metadata?.resourceVersion ?? '' };
    }
  };
  try {
    return await pages(PAGE_SIZE);
  } catch (error) {
    if (error instanceof Fault && error.code === 'EXPIRED') return await pages(undefined);
    throw error;
  }
};

const writeQuery = ({
  fieldManager,
  isDryRun = false,
}: WriteOptions): Readonly<Record<string, string | undefined>> => ({
  fieldManager,
  dryRun: isDryRun ? 'All' : undefined,
});

/** Reads and writes of single objects and collections. */
export const createObjects = (connection: Connection, { served }: Discovery): Objects => {
  const { client } = connection;

  const demandKind = async (kind: Kind, limits: WriteOptions): Promise<ServedKind> => {
    const found = await served(kind, limits);
    if (found !== undefined) return found;
    throw notServedFault(kindName(kind), client);
  };

  /** The namespace a request names: the context's own where the object leaves it out. */
  const namespaceOf = (kind: ServedKind, given: string | undefined): string | undefined =>
    kind.isNamespaced ? (given ?? client.namespace) : undefined;

  const objectPath = (kind: ServedKind, namespace: string | undefined, name: string): string =>
    `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;

  const write = async (
    method: 'POST' | 'PUT' | 'PATCH',
    verb: string,
    object: KubernetesObject,
    options: WriteOptions,
    more: Pick<Call, 'query' | 'contentType'> = {},
  ): Promise<KubernetesObject> => {
    const kind = await demandKind(object, options);
    const { name } = object.metadata;
    const namespace = namespaceOf(kind, object.metadata.namespace);
    const answer = await send(
      connection,
      {
        method,
        action: `${verb} ${subjectOf(kind, name, namespace)}`,
        path: method === 'POST' ? collectionPath(kind, namespace) : objectPath(kind, namespace, name),
        body: object,
        ...more,
        query: { ...writeQuery(options), ...more.query },
      },
      options,
    );
    return answer as KubernetesObject;
  };

  return {
    get: async (ref, limits) => {
      const kind = await served(ref, limits);
      if (kind === undefined) return undefined;
      const namespace = namespaceOf(kind, ref.namespace);
      const call = {
        method: 'GET',
        action: `get ${subjectOf(kind, ref.name, namespace)}`,
        path: objectPath(kind, namespace, ref.name),
      } as const;
      return (await find(connection, call, limits)) as KubernetesObject | undefined;
    },
    list: async (wanted, options = {}) => {
      const kind = await served(wanted, options);
      if (kind === undefined) return undefined;
      try {
        return (await listAll(connection, kind, options)).objects;
      } catch (error) {
        // Its CustomResourceDefinition has gone since it was looked up.
        if (error instanceof Fault && error.code === 'NOT_FOUND') return undefined;
        throw error;
      }
    },
    apply: (object, options) =>
      write('PATCH', 'apply', object, options, {
        query: { force: options.force === true ? 'true' : undefined },
        contentType: 'application/apply-patch+yaml',
      }),
    create: (object, options) => write('POST', 'create', object, options),
    replace: (object, options) => write('PUT', 'replace', object, options),
    remove: async (ref, options = {}) => {
      const kind = await served(ref, options);
      if (kind === undefined) return false;
      const namespace = namespaceOf(kind, ref.namespace);
      const answer = await find(
        connection,
        {
          method: 'DELETE',
          action: `delete ${subjectOf(kind, ref.name, namespace)}`,
          path: objectPath(kind, namespace, ref.name),
          query: { dryRun: options.isDryRun === true ? 'All' : undefined },
          body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: options.propagation ?? 'Background' },
        },
        options,
      );
      return answer !== undefined;
    },
  };
};
