import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { OpenOptions } from '../../src/cluster/open.ts';
import { type FakeApi, type FakeApiOptions, startFakeApi } from '../support/fake-api-server.ts';
import { openFake } from '../support/open-fake.ts';
import { createAuthority } from './harness/keys.ts';

const PODS = { apiVersion: 'v1', kind: 'Pod' };
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
const BY = { fieldManager: 'test' };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const start = async (
  options: FakeApiOptions = {},
  open: Partial<OpenOptions> = {},
): Promise<{ readonly api: FakeApi; readonly cluster: Cluster }> => {
  const api = await startFakeApi(options);
  const cluster = await openFake(api, open);
  cleanUps.push(() => api.close(), cluster.close);
  return { api, cluster };
};

describe('an API server that cannot be reached', () => {
  it('is named with its context, the reason, and what to try', async () => {
    const { api, cluster } = await start();
    await api.close();
    await expect(cluster.version()).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      kind: 'unreachable',
      message: `cannot reach Kubernetes API ${api.url} (context "fake") to ask for its version: connection refused`,
      hint: expect.stringContaining('see that the cluster runs'),
    });
  });

  it('ends within the limit where it takes connections but no TLS', async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { cluster } = await start({ server: `https://127.0.0.1:${port}` }, { timeoutMs: 200 });
    cleanUps.push(() => silent.close());
    await expect(cluster.version()).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('no connection within 0.2s'),
    });
  });

  it('is a name that does not resolve', async () => {
    const { cluster } = await start({ server: 'https://no-such-host.invalid' });
    await expect(cluster.version()).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });

  it('is a web page where an API server should be', async () => {
    const { api, cluster } = await start();
    api.fault({}, { statusCode: 502, body: '<html>Bad gateway</html>' });
    await expect(cluster.version()).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('web page'),
    });
    api.clearFaults();
    api.fault({}, { statusCode: 200, body: '<html>Please log in</html>' });
    await expect(cluster.version()).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('no Kubernetes API server'),
    });
  });

  it('may cut the connection', async () => {
    const { api, cluster } = await start();
    api.fault({ path: /version/ }, { reset: true });
    await expect(cluster.version()).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('the connection was cut'),
    });
  });
});

describe('TLS', () => {
  const HOUR_MS = 3_600_000;
  const HERE = { type: 'ip', value: '127.0.0.1' } as const;
  const ELSEWHERE = { type: 'dns', value: 'kubernetes' } as const;

  /** The certificate of a server, valid until so many hours from now, and the authority a kubeconfig trusts. */
  const certificateFor = async (name: typeof HERE | typeof ELSEWHERE, hours = 1) => {
    const authority = await createAuthority();
    const notAfter = new Date(Date.now() + hours * HOUR_MS);
    const valid = { notBefore: new Date(notAfter.getTime() - 2 * HOUR_MS), notAfter };
    const { certificate, key } = await authority.issue([{ CN: ['server'] }], [name], valid);
    return { cert: certificate, key, ca: authority.certificate };
  };

  it('is trusted by the authority of the kubeconfig', async () => {
    const { cluster } = await start({ tls: await certificateFor(HERE) });
    expect((await cluster.version()).major).toBe('1');
  });

  it('is refused for an unknown authority, a certificate that has expired, or another name', async () => {
    const { ca: _, ...unknown } = await certificateFor(HERE);
    const certificates = {
      'signed by an unknown authority': unknown,
      'has expired': await certificateFor(HERE, -1),
      'for another name': await certificateFor(ELSEWHERE),
    };
    for (const [words, tls] of Object.entries(certificates)) {
      const { cluster } = await start({ tls });
      await expect(cluster.version()).rejects.toMatchObject({
        code: 'CLUSTER_UNREACHABLE',
        message: expect.stringContaining(words),
        hint: expect.any(String),
      });
    }
  });
});

describe('time', () => {
  it('of a call is its own limit', async () => {
    const { api, cluster } = await start();
    api.fault({}, { hang: true });
    await expect(cluster.list(PODS, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'CLUSTER_TIMEOUT',
      kind: 'timeout',
      message: expect.stringContaining('did not answer within 0.1s'),
      hint: expect.stringContaining('--kubeclient-timeout'),
    });
  });

  it('ends at once with the signal of the connection or of the call', async () => {
    const stop = new AbortController();
    const { api, cluster } = await start({}, { signal: stop.signal });
    api.fault({}, { hang: true });
    const own = new AbortController();
    const calls = [cluster.version(), cluster.version({ signal: own.signal })];
    own.abort();
    await expect(calls[1]).rejects.toMatchObject({ code: 'INTERRUPTED', kind: 'interrupted' });
    stop.abort();
    await expect(calls[0]).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(cluster.version()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('a busy API server', () => {
  it('is asked again when it says so', async () => {
    const { api, cluster } = await start();
    api.fault({ path: /version/, times: 2 }, { statusCode: 429, headers: { 'retry-after': '0' } });
    expect((await cluster.version()).major).toBe('1');
    expect(api.requests).toHaveLength(3);
  });

  it('is told of where it asks for more time than there is', async () => {
    const { api, cluster } = await start({}, { timeoutMs: 1000 });
    api.fault({}, { statusCode: 503, headers: { 'retry-after': '30' }, message: 'etcd is down' });
    await expect(cluster.version()).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('etcd is down'),
    });
  });

  it('may close a kept connection in the moment it is used: reads are repeated, creations are not', async () => {
    const { api, cluster } = await start();
    await cluster.served(PODS);
    api.fault({ times: 1 }, { reset: true });
    expect(await cluster.list(PODS)).toEqual([]);
    api.clearFaults();
    api.fault({ verb: 'create', times: 1 }, { reset: true });
    await expect(cluster.create(CONFIG_MAP, BY)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });
});

describe('a refusal', () => {
  it.each([
    [401, 'Unauthorized', 'Unauthorized', 'UNAUTHENTICATED', 'denied'],
    [409, 'Conflict', 'the object has been modified', 'CONFLICT', 'failure'],
    [422, 'Invalid', 'spec.replicas: must not be negative', 'INVALID_OBJECT', 'input'],
    [400, 'BadRequest', 'strict decoding error: unknown field "spce"', 'INVALID_OBJECT', 'input'],
    [400, '', 'admission webhook "v.istio.io" denied the request: no hosts', 'ADMISSION_DENIED', 'failure'],
    [403, 'Forbidden', 'admission webhook "v.istio.io" denied the request: no hosts', 'ADMISSION_DENIED', 'failure'],
    [
      422,
      'Invalid',
      `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
      'ADMISSION_DENIED',
      'failure',
    ],
    [
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "v.istio.io": no endpoints',
      'WEBHOOK_FAILED',
      'failure',
    ],
    [500, 'InternalError', 'etcdserver: no leader', 'CLUSTER_FAILED', 'failure'],
    [504, 'Timeout', 'request did not complete', 'CLUSTER_TIMEOUT', 'timeout'],
  ])('with %i %s "%s" is %s', async (statusCode, reason, message, code, kind) => {
    const { api, cluster } = await start();
    api.fault({ verb: 'patch' }, { statusCode, reason, message });
    await expect(cluster.apply(CONFIG_MAP, BY)).rejects.toMatchObject({
      code,
      kind,
      message: expect.stringContaining('apply configmaps "a" in namespace "default"'),
      hint: expect.any(String),
    });
  });

  it('for want of a right names verb, resource and namespace', async () => {
    const { api, cluster } = await start();
    api.forbid({ verb: 'list', resource: 'pods' });
    await expect(cluster.list(PODS, { namespace: 'istio-system' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      kind: 'denied',
      message: expect.stringMatching(/^not allowed to list pods in namespace "istio-system": .*User "test"/),
      hint: expect.stringContaining(`${api.url} (context "fake")`),
    });
  });

  it('never tells a token', async () => {
    const lines: string[] = [];
    const { api, cluster } = await start({}, { log: (line) => void lines.push(line) });
    api.fault({ verb: 'list' }, { statusCode: 401 });
    const fault = await cluster.list(PODS).catch((error: unknown) => error);
    expect(lines).toEqual(['GET /api/v1 200', 'GET /api/v1/pods?limit=500 401']);
    expect(JSON.stringify([fault, String(fault), lines])).not.toContain('secret-of-test');
  });
});
