import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster, KubernetesObject, WatchEvent } from '../../src/cluster/cluster.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { openFake } from '../support/open-fake.ts';

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const configMap = (
  name: string,
  data: Record<string, string>,
  labels: Record<string, string> = {},
): KubernetesObject => ({
  ...CONFIG_MAP,
  metadata: { name, namespace: 'default', labels },
  data,
});
const ref = (name: string) => ({ ...CONFIG_MAP, namespace: 'default', name });
const one = { fieldManager: 'one' };

let api: FakeApi;
let cluster: Cluster;

beforeEach(async () => {
  api = await startFakeApi();
  cluster = await openFake(api);
});

afterEach(async () => {
  cluster.close();
  await api.close();
});

describe('discovery', () => {
  it('knows versions, kinds and what is not served', async () => {
    expect((await cluster.version()).gitVersion).toBe('v1.33.1');
    expect(await cluster.apiVersions()).toContain('apps/v1');
    expect(await cluster.served({ apiVersion: 'apps/v1', kind: 'Deployment' })).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      resource: 'deployments',
      isNamespaced: true,
    });
    expect(await cluster.served({ apiVersion: 'nobody.io/v1', kind: 'Thing' })).toBeUndefined();
  });

  it('asks a group and version once, and again for a kind that was not there', async () => {
    const gateway = { apiVersion: 'networking.istio.io/v1', kind: 'Gateway' };
    expect(await cluster.list(gateway)).toBeUndefined();
    await cluster.create(
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'gateways.networking.istio.io' },
        spec: {
          group: 'networking.istio.io',
          scope: 'Namespaced',
          names: { kind: 'Gateway', plural: 'gateways' },
          versions: [{ name: 'v1', served: true }],
        },
      },
      one,
    );
    expect(await cluster.list(gateway)).toEqual([]);
    expect(await cluster.list(gateway)).toEqual([]);
    expect(api.requests.filter(({ path }) => path === '/apis/networking.istio.io/v1')).toHaveLength(2);
    api.store.remove({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'gateways.networking.istio.io',
    });
    expect(await cluster.list(gateway)).toBeUndefined();
  });
});

describe('objects', () => {
  it('are created, read, replaced and removed', async () => {
    const created = await cluster.create(configMap('a', { x: '1' }), one);
    expect(await cluster.get(ref('a'))).toEqual(created);
    await cluster.replace({ ...created, data: { x: '2' } }, one);
    expect((await cluster.get(ref('a')))?.['data']).toEqual({ x: '2' });
    await expect(cluster.replace({ ...created, data: { x: '3' } }, one)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(cluster.create(configMap('a', {}), one)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await cluster.remove(ref('a'), { isDryRun: true })).toBe(true);
    expect(await cluster.remove(ref('a'))).toBe(true);
    expect(await cluster.remove(ref('a'))).toBe(false);
    expect(await cluster.get(ref('a'))).toBeUndefined();
  });

  it('use the namespace of the context where they name none', async () => {
    await cluster.create({ ...CONFIG_MAP, metadata: { name: 'b' } }, one);
    expect(await cluster.get(ref('b'))).toBeDefined();
  });

  it('are listed whole, page by page, with their kind', async () => {
    for (let at = 0; at < 1001; at++) api.store.put(configMap(`c${at}`, {}, { part: at % 2 === 0 ? 'even' : 'odd' }));
    const all = await cluster.list(CONFIG_MAP);
    expect(new Set(all?.map(({ metadata }) => metadata.name)).size).toBe(1001);
    expect(all?.[0]).toMatchObject(CONFIG_MAP);
    expect(api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(3);
    expect(await cluster.list(CONFIG_MAP, { namespace: 'default', labels: 'part in (odd),!x' })).toHaveLength(500);
    expect(await cluster.list(CONFIG_MAP, { fields: 'metadata.name=c7' })).toHaveLength(1);
  });

  it('are listed in one piece where a page comes too late', async () => {
    for (let at = 0; at < 600; at++) api.store.put(configMap(`c${at}`, {}));
    api.fault({ verb: 'list', after: 1, times: 1 }, { statusCode: 410, reason: 'Expired' });
    expect(await cluster.list(CONFIG_MAP)).toHaveLength(600);
  });
});

describe('server-side apply', () => {
  it('creates, changes nothing the second time, and keeps what others own', async () => {
    const first = await cluster.apply(configMap('a', { x: '1' }), one);
    expect(await cluster.apply(configMap('a', { x: '1' }), one)).toEqual(first);
    await cluster.apply(configMap('a', { y: '2' }), { fieldManager: 'two' });
    expect((await cluster.get(ref('a')))?.['data']).toEqual({ x: '1', y: '2' });
    await cluster.apply(configMap('a', { z: '3' }), one);
    expect((await cluster.get(ref('a')))?.['data']).toEqual({ y: '2', z: '3' });
  });

  it('is a conflict over a field of another manager, unless forced', async () => {
    await cluster.apply(configMap('a', { x: '1' }), one);
    const two = { fieldManager: 'two' };
    await expect(cluster.apply(configMap('a', { x: '2' }), two)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('conflict with "one": .data.x'),
    });
    await cluster.apply(configMap('a', { x: '2' }), { ...two, force: true });
    expect((await cluster.get(ref('a')))?.['data']).toEqual({ x: '2' });
  });

  it('only pretends in a dry run', async () => {
    const pretended = await cluster.apply(configMap('a', { x: '1' }), { ...one, isDryRun: true });
    expect(pretended['data']).toEqual({ x: '1' });
    expect(await cluster.get(ref('a'))).toBeUndefined();
  });

  it('says which kind is not served', async () => {
    await expect(
      cluster.apply({ apiVersion: 'nobody.io/v1', kind: 'Thing', metadata: { name: 'a' } }, one),
    ).rejects.toMatchObject({ code: 'KIND_NOT_SERVED', message: expect.stringContaining('Thing.nobody.io/v1') });
  });
});

describe('a watch', () => {
  /** Reads events until one is wanted; BOOKMARKs are `-`. */
  const read = async (events: AsyncIterable<WatchEvent>, last: string): Promise<readonly string[]> => {
    const seen: string[] = [];
    for await (const { type, object } of events) {
      seen.push(type === 'BOOKMARK' ? '-' : `${type} ${object.metadata.name}`);
      if (seen.at(-1) === last) break;
    }
    return seen;
  };

  /** Does the next thing each time the watch is open. */
  const whenWatching = (...steps: readonly (() => void)[]): void => {
    const left = [...steps];
    api.onWatch(() => left.shift()?.());
  };

  it('tells what there is, then every change', async () => {
    api.store.put(configMap('a', {}));
    whenWatching(() => {
      api.store.put(configMap('b', {}));
      api.store.put(configMap('a', { x: '1' }));
      api.store.remove(ref('b'));
    });
    expect(await read(cluster.watch(CONFIG_MAP), 'DELETED b')).toEqual([
      'ADDED a',
      '-',
      'ADDED b',
      'MODIFIED a',
      'DELETED b',
    ]);
  });

  it('goes on where the server ends it, without repeating anything', async () => {
    api.store.put(configMap('a', {}));
    whenWatching(
      () => api.endWatches(),
      () => api.store.put(configMap('b', {})),
    );
    expect(await read(cluster.watch(CONFIG_MAP), 'ADDED b')).toEqual(['ADDED a', '-', 'ADDED b']);
    expect(api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(1);
  });

  it('lists again where its version is forgotten, and tells the difference', async () => {
    api.store.put(configMap('a', {}));
    api.store.put(configMap('b', {}));
    whenWatching(
      () => {
        api.endWatches();
        api.store.put(configMap('a', { x: '1' }));
        api.store.remove(ref('b'));
        api.store.put(configMap('c', {}));
        api.store.forget();
      },
      () => api.store.put(configMap('d', {})),
    );
    expect(await read(cluster.watch(CONFIG_MAP), 'ADDED d')).toEqual([
      'ADDED a',
      'ADDED b',
      '-',
      'MODIFIED a',
      'ADDED c',
      'DELETED b',
      'ADDED d',
    ]);
  });

  it('survives a server that is busy for a moment', async () => {
    api.fault({ verb: 'watch', times: 1 }, { statusCode: 500 });
    whenWatching(() => api.store.put(configMap('a', {})));
    expect(await read(cluster.watch(CONFIG_MAP), 'ADDED a')).toEqual(['-', 'ADDED a']);
  });

  it('survives a connection that is cut, and ends with a fault where the server does not come back', async () => {
    whenWatching(
      () => api.cut(),
      () => api.store.put(configMap('a', {})),
      () => void api.close(),
    );
    expect(await read(cluster.watch(CONFIG_MAP), 'ADDED a')).toEqual(['-', 'ADDED a']);
    await expect(read(cluster.watch(CONFIG_MAP, { timeoutMs: 500 }), 'never')).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
    });
  });

  it('ends silently by its signal', async () => {
    const stop = new AbortController();
    whenWatching(() => stop.abort());
    expect(await read(cluster.watch(CONFIG_MAP, { signal: stop.signal }), 'never')).toEqual(['-']);
  });

  it('only sees what its selector chooses', async () => {
    whenWatching(() => {
      api.store.put(configMap('a', {}));
      api.store.put(configMap('b', {}, { app: 'b' }));
    });
    expect(await read(cluster.watch(CONFIG_MAP, { labels: 'app=b' }), 'ADDED b')).toEqual(['-', 'ADDED b']);
  });
});

describe('rights and tokens', () => {
  it('asks whether something is allowed', async () => {
    const access = { verb: 'create', group: 'apps', resource: 'deployments' };
    expect(await cluster.may(access)).toBe(true);
    api.forbid({ verb: 'create', resource: 'deployments' });
    expect(await cluster.may(access)).toBe(false);
  });

  it('gets a token for a service account', async () => {
    const request = {
      namespace: 'istio-system',
      serviceAccount: 'default',
      audience: 'istio-ca',
      expirationSeconds: 3600,
    };
    expect(await cluster.token(request)).toBe('token-of-istio-system/default');
    expect(api.requests.at(-1)?.body).toMatchObject({ spec: { audiences: ['istio-ca'], expirationSeconds: 3600 } });
  });

  it('sends who asks, and in whose name', async () => {
    const other = await openFake(api, { impersonation: { user: 'jane', uid: '7', groups: ['a', 'b'] } });
    await other.version();
    other.close();
    expect(api.requests.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer secret-of-test',
      'impersonate-user': 'jane',
      'impersonate-uid': '7',
      'impersonate-group': 'a, b',
      'user-agent': 'heddle/test',
    });
  });
});
