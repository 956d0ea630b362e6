import type { KubernetesObject, ServedKind } from '../../../src/cluster/cluster.ts';
import type { ApiRequest } from './request.ts';
import { matchesFields, matchesLabels } from './selector.ts';
import { Refused, type Store, type Write } from './store.ts';

export type Answer = readonly [statusCode: number, body: unknown];

const writeOf = ({ query }: ApiRequest): Write => ({
  manager: query.get('fieldManager') ?? 'unknown',
  isDryRun: query.get('dryRun') === 'All',
  force: query.get('force') === 'true',
});

/** Whether an object is one of those a list or watch asks for. */
export const isChosen = ({ query, namespace }: ApiRequest, object: KubernetesObject): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) &&
  matchesLabels(query.get('labelSelector') ?? '', object.metadata.labels ?? {}) &&
  matchesFields(query.get('fieldSelector') ?? '', object);

const answerList = (store: Store, kind: ServedKind, request: ApiRequest): unknown => {
  const { query } = request;
  const chosen = store.list(kind).filter((object) => isChosen(request, object));
  const from = Number(query.get('continue') ?? 0);
  const to = from + Number(query.get('limit') ?? chosen.length);
  // As the real one, items leave their kind out.
  const items = chosen.slice(from, to).map(({ apiVersion: _, kind: _kind, ...rest }) => rest);
  return {
    kind: `${kind.kind}List`,
    apiVersion: kind.apiVersion,
    metadata: { resourceVersion: store.resourceVersion(), ...(to < chosen.length ? { continue: String(to) } : {}) },
    items,
  };
};

/** The answer to a request for objects. */
export const answerObject = (store: Store, request: ApiRequest, kind: ServedKind): Answer => {
  const given = request.body as KubernetesObject;
  const namespace = request.namespace === undefined ? {} : { namespace: request.namespace };
  const ref = { ...kind, ...namespace, name: request.name ?? '' };
  const object = { ...given, metadata: { ...given?.metadata, ...namespace } };
  const missing = new Refused(404, 'NotFound', `${request.resource} "${request.name}" not found`);
  switch (request.verb) {
    case 'list':
      return [200, answerList(store, kind, request)];
    case 'create':
      return [201, store.create(object, writeOf(request))];
    case 'update':
      return [200, store.replace(object, writeOf(request))];
    case 'patch': {
      if (request.headers['content-type'] !== 'application/apply-patch+yaml')
        throw new Refused(415, 'UnsupportedMediaType', 'only server-side apply is served');
      const isNew = store.get(ref) === undefined;
      return [isNew ? 201 : 200, store.apply(object, writeOf(request))];
    }
    case 'delete': {
      const removed = store.remove(ref, writeOf(request).isDryRun);
      if (removed === undefined) throw missing;
      return [200, { kind: 'Status', status: 'Success' }];
    }
    default: {
      const found = store.get(ref);
      if (found === undefined) throw missing;
      return [200, found];
    }
  }
};

/** What discovery says at a path. */
export const discover = (store: Store, gitVersion: string, path: string): unknown => {
  const versions = [...new Set(store.kinds().map(({ apiVersion }) => apiVersion))];
  if (path === '/version') {
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
    return { major, minor, gitVersion };
  }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      groups: [...new Set(versions.filter((version) => version !== 'v1').map((version) => version.split('/')[0]))].map(
        (name) => ({
          name,
          versions: versions
            .filter((version) => version.startsWith(`${name}/`))
            .map((groupVersion) => ({ groupVersion, version: groupVersion.split('/')[1] })),
        }),
      ),
    };
  const apiVersion = /^\/apis?\/(.+)$/.exec(path)?.[1];
  const kinds = store.kinds().filter((kind) => kind.apiVersion === apiVersion);
  if (kinds.length === 0) throw new Refused(404, 'NotFound', 'the server could not find the requested resource');
  const resources = kinds.map(({ kind, resource, isNamespaced }) => ({
    name: resource,
    kind,
    namespaced: isNamespaced,
    verbs: [],
  }));
  return { kind: 'APIResourceList', groupVersion: apiVersion, resources };
};
