import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesField, readFields } from '../../src/base/protobuf.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { askIstiod } from '../../src/cluster/xds.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { openFake } from '../support/open-fake.ts';
import { type Authority, createAuthority } from './harness/keys.ts';

const ISTIOD = { namespace: 'istio-system', name: 'istiod-1' };
const SYNCZ = { typeUrl: 'istio.io/debug/syncz' };
const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';

let api: FakeApi;
let cluster: Cluster;
let istiod: Http2Server;
let authority: Authority;
/** What the next question is met with: the stream, its headers, and the texts of the question's fields. */
let onQuestion: (stream: ServerHttp2Stream, headers: Record<string, unknown>, fields: readonly string[]) => void;

const message = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};

const serve = async (server: Http2Server, port: number): Promise<void> => {
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    stream.once('data', (chunk: Buffer) => {
      const fields = readFields(chunk.subarray(5)) ?? [];
      onQuestion(
        stream,
        headers,
        fields.map(([field, value]) => `${field} ${value}`),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api.forward(ISTIOD.namespace, ISTIOD.name, port, (server.address() as AddressInfo).port);
};

beforeEach(async () => {
  api = await startFakeApi({ objects: [{ apiVersion: 'v1', kind: 'Pod', metadata: ISTIOD }] });
  cluster = await openFake(api);
  authority = await createAuthority();
  const { certificate, key } = await authority.issue(
    [{ CN: ['istiod'] }],
    [{ type: 'dns', value: 'istiod.istio-system.svc' }],
  );
  istiod = createSecureServer({ cert: certificate, key });
  await serve(istiod, 15012);
});

afterEach(async () => {
  cluster.close();
  await api.close();
  istiod.close();
});

const answer = (stream: ServerHttp2Stream, ...parts: readonly Buffer[]): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.write(message(...parts));
};

const resource = (text: string): Buffer =>
  bytesField(2, Buffer.concat([bytesField(1, 'type.googleapis.com/x'), bytesField(2, text)]));

describe('a question to istiod over XDS', () => {
  it('names who asks, and is answered with resources and the control plane', async () => {
    const seen: unknown[] = [];
    onQuestion = (stream, headers, fields) => {
      seen.push(headers[':path'], headers['authorization'], headers['content-type'], ...fields.slice(1));
      answer(stream, resource('one'), resource('two'), bytesField(6, bytesField(1, '{"ID":"istiod-1"}')));
    };
    const question = { ...SYNCZ, resourceNames: ['a.default'], root: authority.certificate };
    expect(await askIstiod(cluster, ISTIOD, question)).toEqual({
      controlPlane: '{"ID":"istiod-1"}',
      resources: ['one', 'two'].map((text) => ({ typeUrl: 'type.googleapis.com/x', value: Buffer.from(text) })),
    });
    const token = 'Bearer token-of-istio-system/default';
    expect(seen).toEqual([METHOD, token, 'application/grpc', '3 a.default', '4 istio.io/debug/syncz']);
    const tokenRequest = api.requests.find(({ resource: name }) => name === 'serviceaccounts/token');
    expect(tokenRequest?.body).toMatchObject({ spec: { audiences: ['istio-ca'] } });
  });

  it('takes answers of many megabytes', async () => {
    onQuestion = (stream) => answer(stream, resource('x'.repeat(16 * 1024 * 1024)));
    const { resources } = await askIstiod(cluster, ISTIOD, SYNCZ);
    expect(resources[0]?.value).toHaveLength(16 * 1024 * 1024);
  });

  it('needs no token without TLS', async () => {
    const plain = createServer();
    await serve(plain, 15010);
    const tokens: unknown[] = [];
    onQuestion = (stream, headers) => {
      tokens.push(headers['authorization']);
      answer(stream, resource('plain'));
    };
    expect((await askIstiod(cluster, ISTIOD, { ...SYNCZ, isPlaintext: true })).resources).toHaveLength(1);
    expect(tokens).toEqual([undefined]);
    plain.close();
  });

  it('is only put to who has a certificate of the root, where that is known', async () => {
    const other = await createAuthority();
    await expect(askIstiod(cluster, ISTIOD, { ...SYNCZ, root: other.certificate })).rejects.toMatchObject({
      code: 'XDS_FAILED',
      kind: 'unreachable',
    });
  });

  it('may be denied, in the words of istiod', async () => {
    onQuestion = (stream) =>
      stream.respond({ ':status': 200, 'grpc-status': '16', 'grpc-message': 'no%20identity' }, { endStream: true });
    await expect(askIstiod(cluster, ISTIOD, SYNCZ)).rejects.toMatchObject({
      code: 'XDS_DENIED',
      kind: 'denied',
      message: 'istiod "istiod-1" in namespace "istio-system" does not answer over XDS: no identity',
    });
  });

  it('ends within its limit, and where nobody listens', async () => {
    onQuestion = () => undefined;
    await expect(askIstiod(cluster, ISTIOD, { ...SYNCZ, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'XDS_TIMEOUT',
    });
    await expect(askIstiod(cluster, ISTIOD, { ...SYNCZ, port: 1 })).rejects.toMatchObject({ code: 'PORT_REFUSED' });
  });
});
