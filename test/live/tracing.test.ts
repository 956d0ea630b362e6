import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startSupervisor } from '../../src/local/supervisor.ts';

// A mesh whose proxies report their spans to a collector of this machine.

interface Report {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Collector {
  readonly port: number;
  /** Resolves with all reports once there are so many. */
  reports(count: number): Promise<readonly Report[]>;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const startCollector = async (protocol: 'http1' | 'http2'): Promise<Collector> => {
  const received: Report[] = [];
  let onReport = (): void => {};
  const take = (path: string, headers: IncomingHttpHeaders, pieces: readonly Buffer[]): void => {
    received.push({ path, headers, body: Buffer.concat(pieces) });
    onReport();
  };
  let server: Server;
  if (protocol === 'http1') {
    server = createServer((asked, answer) => {
      const pieces: Buffer[] = [];
      asked.on('data', (piece: Buffer) => pieces.push(piece));
      asked.on('end', () => {
        answer.end();
        take(asked.url ?? '', asked.headers, pieces);
      });
    });
  } else {
    server = createHttp2Server().on('stream', (stream, headers) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
        take(headers[':path'] ?? '', headers, pieces);
      });
    });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    reports: (count) =>
      new Promise((resolve) => {
        onReport = () => {
          if (received.length >= count) resolve(received);
        };
        onReport();
      }),
  };
};

const mesh = (port: number, protocol: 'HTTP' | 'GRPC', provider: string): string => `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop}
spec:
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello, version: v1}}
    spec: {containers: [{name: hello, image: gcr.io/istio-testing/app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: shop}
spec: {selector: {app: hello}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: collector, namespace: istio-system}
spec:
  hosts: [collector.test]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
  ports: [{number: ${port}, name: traces, protocol: ${protocol}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: traces
      ${provider.replace('PORT', String(port))}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: traces, namespace: istio-system}
spec:
  tracing:
  - providers: [{name: traces}]
    randomSamplingPercentage: 100
    customTags: {user: {header: {name: x-user, defaultValue: nobody}}}
`;

/** Starts the mesh, sends one request through it, and answers what the application received. */
const ask = async (text: string, headers: Readonly<Record<string, string>>) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'heddle-'));
  cleanups.push(() => rmSync(stateDir, { recursive: true }));
  const problems: string[] = [];
  const running = await startSupervisor({
    sources: async () => [{ name: 'mesh.yaml', text }],
    paths: ['mesh.yaml'],
    watch: false,
    stateDir,
    gatewayPort: 0,
    version: '0.0.0',
    onEvent: (event) => {
      if (event.kind === 'problems') problems.push(...event.problems.map(({ message }) => message));
    },
  });
  cleanups.push(() => running.close());
  const { hostname, port } = new URL(
    running.control.status().services.find(({ url }) => url?.includes('hello'))?.url ?? '',
  );
  const body = await new Promise<string>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, headers: { ...headers, host: `${hostname}:${port}` } },
      (answer) => {
        let received = '';
        answer.on('data', (piece) => {
          received += piece;
        });
        answer.on('end', () => resolve(received));
      },
    );
    asked.on('error', reject).end();
  });
  const seen = (JSON.parse(body) as { readonly headers: Readonly<Record<string, string>> }).headers;
  return { seen, problems };
};

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
}

describe('the trace of a request', () => {
  it('is reported by both of its proxies in OTLP, and goes on to the application', async () => {
    const collector = await startCollector('http1');
    const provider =
      'opentelemetry: {service: collector.test, port: PORT, http: {path: /v1/traces, headers: [{name: x-key, value: secret}]}}';
    const caller = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { seen, problems } = await ask(mesh(collector.port, 'HTTP', provider), {
      traceparent: caller,
      'x-user': 'ann',
    });
    expect(problems).toEqual([]);
    const reports = await collector.reports(2);
    expect(reports.map(({ path, headers }) => [path, headers['x-key'], headers['content-type']])).toEqual([
      ['/v1/traces', 'secret', 'application/json'],
      ['/v1/traces', 'secret', 'application/json'],
    ]);
    const spans = reports.flatMap(
      ({ body }): readonly OtlpSpan[] => JSON.parse(body.toString()).resourceSpans[0].scopeSpans[0].spans,
    );
    const client = spans.find(({ kind }) => kind === 3);
    const server = spans.find(({ kind }) => kind === 2);
    expect(client).toMatchObject({
      traceId: 'a'.repeat(32),
      parentSpanId: 'b'.repeat(16),
      name: 'hello.shop.svc.cluster.local:80/*',
    });
    expect(server).toMatchObject({
      traceId: 'a'.repeat(32),
      parentSpanId: client?.spanId,
      name: 'hello.shop.svc.cluster.local:80/*',
    });
    expect(seen['traceparent']).toBe(`00-${'a'.repeat(32)}-${server?.spanId}-01`);
    const tags = Object.fromEntries((server?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]));
    expect(tags).toMatchObject({
      user: 'ann',
      'http.method': 'GET',
      'http.status_code': '200',
      'istio.canonical_service': 'hello',
      'guid:x-request-id': seen['x-request-id'],
    });
  });

  it('is reported to Zipkin with B3 headers', async () => {
    const collector = await startCollector('http1');
    const { seen } = await ask(mesh(collector.port, 'HTTP', 'zipkin: {service: collector.test, port: PORT}'), {});
    const reports = await collector.reports(2);
    const spans = reports.flatMap(
      ({ body }) => JSON.parse(body.toString()) as readonly Readonly<Record<string, unknown>>[],
    );
    const server = spans.find(({ kind }) => kind === 'SERVER');
    const client = spans.find(({ kind }) => kind === 'CLIENT');
    expect(reports[0]?.path).toBe('/api/v2/spans');
    expect(client?.['parentId']).toBeUndefined();
    expect(server).toMatchObject({
      traceId: client?.['traceId'],
      parentId: client?.['id'],
      localEndpoint: { serviceName: 'hello.shop' },
    });
    expect(seen).toMatchObject({
      'x-b3-traceid': client?.['traceId'],
      'x-b3-spanid': server?.['id'],
      'x-b3-parentspanid': client?.['id'],
      'x-b3-sampled': '1',
    });
    // The decision is kept in the id for every later hop.
    expect(seen['x-request-id']?.[14]).toBe('9');
  });

  it('is reported in OTLP over gRPC', async () => {
    const collector = await startCollector('http2');
    const { seen } = await ask(
      mesh(collector.port, 'GRPC', 'opentelemetry: {service: collector.test, port: PORT}'),
      {},
    );
    const [report] = await collector.reports(2);
    expect(report?.path).toBe('/opentelemetry.proto.collector.trace.v1.TraceService/Export');
    const body = report?.body ?? Buffer.alloc(0);
    expect(body.readUInt32BE(1)).toBe(body.length - 5);
    const traceId = seen['traceparent']?.split('-')[1] ?? '';
    expect(body.includes(Buffer.from(traceId, 'hex'))).toBe(true);
    expect(body.includes('hello.shop.svc.cluster.local:80/*')).toBe(true);
  });
});
