import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import type { Cluster, KubernetesObject } from '../../../src/cluster/cluster.ts';
import { openFake } from '../../support/open-fake.ts';
import type { TestKubernetes } from '../harness/kubernetes.ts';
import { forwardPorts } from '../harness/kwok.ts';
import { onKubernetes } from '../harness/suite.ts';

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const OURS = { fieldManager: 'heddle-test' } as const;

const open = async (kubeconfig: string): Promise<Cluster> => {
  const cluster = await openFake({ kubeconfig });
  onTestFinished(() => cluster.close());
  return cluster;
};

const configMap = (name: string, data: Readonly<Record<string, string>>, labels = {}): KubernetesObject => ({
  ...CONFIG_MAP,
  metadata: { name, namespace: 'default', labels },
  data,
});

const codeOf = async (call: Promise<unknown>): Promise<string | undefined> => {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure instanceof Fault ? failure.code : String(failure);
};

/** A pod that runs, with an HTTP server on this machine behind its port 80. */
const podWithServer = async (kubernetes: TestKubernetes, name: string): Promise<void> => {
  const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  await kubernetes.api.apply(`/api/v1/namespaces/default/pods/${name}`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  });
  const { port } = server.address() as AddressInfo;
  await forwardPorts(kubernetes.api, { namespace: 'default', name }, [{ port: 80, target: port }]);
};

onKubernetes('the client of a real API server', (kubernetes) => {
  const admin = () => open(kubernetes().kubeconfig);

  describe('objects', () => {
    it('are applied, read, listed by labels and removed', async () => {
      const cluster = await admin();
      for (const name of ['one', 'two', 'three'])
        await cluster.apply(configMap(name, { name }, { test: name === 'three' ? 'other' : 'listed' }), OURS);
      const listed = await cluster.list(CONFIG_MAP, { namespace: 'default', labels: 'test=listed' });
      expect(listed?.map(({ metadata }) => metadata.name).toSorted()).toEqual(['one', 'two']);
      const ref = { ...CONFIG_MAP, namespace: 'default', name: 'one' };
      expect((await cluster.get(ref))?.['data']).toEqual({ name: 'one' });
      expect(await cluster.remove(ref)).toBe(true);
      expect(await cluster.remove(ref)).toBe(false);
      expect(await cluster.get(ref)).toBeUndefined();
    });

    it('are not written by a dry run', async () => {
      const cluster = await admin();
      const answer = await cluster.apply(configMap('dry', { a: 'b' }), { ...OURS, isDryRun: true });
      expect(answer['data']).toEqual({ a: 'b' });
      expect(await cluster.get({ ...CONFIG_MAP, namespace: 'default', name: 'dry' })).toBeUndefined();
    });

    it('belong to who applied their fields, unless they are taken by force', async () => {
      const cluster = await admin();
      await cluster.apply(configMap('owned', { a: 'theirs' }), { fieldManager: 'them' });
      expect(await codeOf(cluster.apply(configMap('owned', { a: 'ours' }), OURS))).toBe('CONFLICT');
      const taken = await cluster.apply(configMap('owned', { a: 'ours' }), { ...OURS, force: true });
      expect(taken['data']).toEqual({ a: 'ours' });
    });

    it('come in pages without the caller noticing', async () => {
      const cluster = await admin();
      const names = Array.from({ length: 1200 }, (_, at) => `page-${String(at).padStart(4, '0')}`);
      for (let at = 0; at < names.length; at += 50)
        await Promise.all(
          names.slice(at, at + 50).map((name) => cluster.apply(configMap(name, {}, { page: 'yes' }), OURS)),
        );
      const listed = await cluster.list(CONFIG_MAP, { namespace: 'default', labels: 'page=yes' });
      expect(listed?.map(({ metadata }) => metadata.name).toSorted()).toEqual(names);
    });

    it('are refused with the reason of the API server', async () => {
      const cluster = await admin();
      const nameless = { ...configMap('x', {}), metadata: { name: 'Not A Name', namespace: 'default' } };
      expect(await codeOf(cluster.apply(nameless, OURS))).toBe('INVALID_OBJECT');
      const ports = [{ port: 80 }, { port: 80 }];
      const twice = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's', namespace: 'default' },
        spec: { ports },
      };
      expect(await codeOf(cluster.apply(twice, OURS))).toBe('INVALID_OBJECT');
      expect(await cluster.list({ apiVersion: 'nowhere.example/v1', kind: 'Thing' })).toBeUndefined();
    });
  });

  it('sees changes as they happen', async () => {
    const cluster = await admin();
    await cluster.apply(configMap('watched', { turn: '0' }, { watched: 'yes' }), OURS);
    const seen: string[] = [];
    for await (const { type, object } of cluster.watch(CONFIG_MAP, { namespace: 'default', labels: 'watched=yes' })) {
      if (type === 'BOOKMARK') continue;
      const { turn } = object['data'] as { readonly turn: string };
      seen.push(`${type} ${turn}`);
      if (type === 'ADDED') await cluster.apply(configMap('watched', { turn: '1' }, { watched: 'yes' }), OURS);
      if (type === 'MODIFIED') await cluster.remove({ ...CONFIG_MAP, namespace: 'default', name: 'watched' });
      if (type === 'DELETED') break;
    }
    expect(seen).toEqual(['ADDED 0', 'MODIFIED 1', 'DELETED 1']);
  });

  it('knows the version, what is served and who may do what', async () => {
    const cluster = await admin();
    expect((await cluster.version()).gitVersion).toMatch(/^v1\.\d+\.\d+$/);
    expect(await cluster.served({ apiVersion: 'apps/v1', kind: 'Deployment' })).toMatchObject({
      resource: 'deployments',
      isNamespaced: true,
    });
    const access = { verb: 'create', group: 'apps', resource: 'deployments', namespace: 'default' };
    expect(await cluster.may(access)).toBe(true);
    const dev = await open(kubernetes().devKubeconfig);
    expect(await dev.may(access)).toBe(false);
    expect(await codeOf(dev.list(CONFIG_MAP))).toBe('FORBIDDEN');
  });

  it('reaches the ports of pods, and says which are refused', async () => {
    const cluster = await admin();
    await podWithServer(kubernetes(), 'served');
    const ask = async (port: number): Promise<string> => {
      const socket = await cluster.connect({ namespace: 'default', name: 'served' }, port);
      socket.write('GET /here HTTP/1.1\r\nhost: pod\r\n\r\n');
      for await (const text of socket.setEncoding('utf8')) if (text.includes('you asked')) return text;
      throw new Error('the pod hung up');
    };
    expect(await ask(80)).toContain('you asked for /here');
    expect(await codeOf(ask(81))).toBe('PORT_REFUSED');
  });

  it('asks for tokens that are good for one audience', async () => {
    const cluster = await admin();
    const token = await cluster.token({
      namespace: 'default',
      serviceAccount: 'default',
      audience: 'istio-ca',
      expirationSeconds: 3600,
    });
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    expect(claims).toMatchObject({ aud: ['istio-ca'], sub: 'system:serviceaccount:default:default' });
  });
});
