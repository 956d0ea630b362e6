import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proxyFromEnv } from '../../src/cluster/proxy-env.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { openFake } from '../support/open-fake.ts';
import { createAuthority } from './harness/keys.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default' } };

describe('the proxy of the environment', () => {
  const HTTPS_PROXY = 'proxy.corp:3128';
  const PROXY = 'http://proxy.corp:3128';

  it.each([
    ['https://10.0.0.1:6443', { HTTPS_PROXY }, PROXY],
    ['https://10.0.0.1:6443', { https_proxy: 'http://lower:1' }, 'http://lower:1'],
    ['http://10.0.0.1:8080', { HTTPS_PROXY }, undefined],
    ['http://10.0.0.1:8080', { HTTP_PROXY: HTTPS_PROXY }, PROXY],
    ['https://localhost:6443', { HTTPS_PROXY }, undefined],
    ['https://127.0.0.1:6443', { HTTPS_PROXY }, undefined],
    ['https://[::1]:6443', { HTTPS_PROXY }, undefined],
    ['https://10.0.0.1:6443', { HTTPS_PROXY, NO_PROXY: 'x.org, 10.0.0.0/8' }, undefined],
    ['https://10.0.0.1:6443', { HTTPS_PROXY, NO_PROXY: '10.0.0.1:443' }, PROXY],
    ['https://10.0.0.1:6443', { HTTPS_PROXY, no_proxy: '10.0.0.1:6443' }, undefined],
    ['https://api.corp', { HTTPS_PROXY, NO_PROXY: 'corp' }, undefined],
    ['https://corp', { HTTPS_PROXY, NO_PROXY: '.corp' }, PROXY],
    ['https://api.corp', { HTTPS_PROXY, NO_PROXY: '.corp' }, undefined],
    ['https://api.corp', { HTTPS_PROXY, NO_PROXY: 'orp' }, PROXY],
    ['https://api.corp', { HTTPS_PROXY, NO_PROXY: '*' }, undefined],
    ['https://api.corp', {}, undefined],
  ])('for %s with %j is %s', (server, env, proxy) => {
    expect(proxyFromEnv(server, env)).toBe(proxy);
  });
});

describe('connections', () => {
  let api: FakeApi;
  let client: { readonly certificate: string; readonly key: string };

  beforeEach(async () => {
    const authority = await createAuthority();
    const { certificate, key } = await authority.issue([{ CN: ['server'] }], [{ type: 'ip', value: '127.0.0.1' }]);
    client = await authority.issue([{ CN: ['jane'] }, { O: ['devs'] }]);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    api = await startFakeApi({
      objects: [POD],
      tls: { cert: certificate, key, ca: authority.certificate },
      user: { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) },
    });
  });
  afterEach(() => api.close());

  it('show the certificate of the user, and are kept', async () => {
    const cluster = await openFake(api);
    for (let at = 0; at < 5; at++) await cluster.list(POD);
    cluster.close();
    expect(new Set(api.requests.map(({ peer }) => peer))).toEqual(new Set(['jane']));
    expect(api.connections()).toBe(1);
  });

  it('go through the proxy of the kubeconfig, upgrades too', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const target = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      socket.on('error', () => target.destroy());
      target.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    await api.useProxy(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    api.onExec(() => ({ stdout: 'through' }));
    const cluster = await openFake(api);
    expect(await cluster.list(POD)).toHaveLength(1);
    expect((await cluster.exec({ namespace: 'default', pod: 'a' }, ['true'])).stdout).toBe('through');
    expect(new Set(asked)).toEqual(new Set([new URL(api.url).host]));
    cluster.close();
    proxy.close();
  });
});
