import type { Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import { renderClusterMetrics } from '../../src/telemetry/cluster-metrics.ts';
import type { Cluster, RouteAction } from '../../src/traffic/tables.ts';
import {
  APP,
  authority,
  clock,
  cluster,
  endpoint,
  forward,
  network,
  RawClient,
  responsesIn,
  route,
  routeTable,
  spiffe,
  tables,
  tcpServer,
} from '../proxy/small-mesh.ts';

let identity: Identity;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  identity = await (await authority()).issue(spiffe('gateway'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A backend that holds every request until `answer` is called; `arrived` resolves when so many are held. */
const holding = async (response: string) => {
  const held: Socket[] = [];
  const waiting: (() => void)[] = [];
  const backend = await tcpServer((socket) => {
    socket.on('data', () => {
      held.push(socket);
      for (const wake of waiting.splice(0)) wake();
    });
  });
  closers.push(backend.close);
  return {
    at: backend.at,
    connections: backend.connections,
    arrived: async (count: number): Promise<void> => {
      while (held.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    answer: (): void => {
      for (const socket of held.splice(0)) socket.write(response);
    },
  };
};

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const FAILURE = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

/** A gateway in front of backends at 10.44.1.2:8080, 10.44.1.3:8080, ... */
const gateway = async (
  backends: readonly SocketAddress[],
  changes: Partial<Cluster>,
  action: Partial<Extract<RouteAction, { kind: 'forward' }>> = {},
) => {
  const records: AccessRecord[] = [];
  const endpoints = backends.map((_, index) => endpoint(`10.44.1.${index + 2}`, 8080));
  const proxy = createProxy({
    tables: tables({
      clusters: [cluster(APP, endpoints, changes)],
      routes: routeTable(route(forward(APP, action))),
    }),
    network: network(new Map(backends.map((at, index) => [`10.44.1.${index + 2}:8080`, at]))),
    clock,
    random: () => 0.5,
    identity,
    onRecord: (record) => records.push(record),
  });
  closers.push(() => proxy.close(0));
  const at = await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
  return { at, records, proxy };
};

const ask = (at: SocketAddress): { readonly response: Promise<string> } => {
  const raw = new RawClient(at);
  closers.push(async () => raw.destroy());
  raw.write(GET);
  const response = raw
    .until((received) => responsesIn(received).length > 0)
    .then((received) => responsesIn(received)[0]?.head ?? received);
  return { response };
};

const statusOf = (head: string): string => head.slice(9, 12);

describe('the limits of a cluster', () => {
  it('let requests wait for the one connection, one after another', async () => {
    const backend = await holding(OK);
    const { at } = await gateway([backend.at], { limits: { maxConnections: 1 } });
    const asked = [ask(at), ask(at), ask(at)];
    for (let turn = 0; turn < 3; turn += 1) {
      await backend.arrived(1);
      expect(backend.connections.size).toBe(1);
      backend.answer();
    }
    expect((await Promise.all(asked.map(({ response }) => response))).map(statusOf)).toEqual(['200', '200', '200']);
  });

  it('answer 503 UO to whom they leave no room', async () => {
    const backend = await holding(OK);
    const { at, records } = await gateway([backend.at], { limits: { maxRequests: 1 } });
    const first = ask(at);
    await backend.arrived(1);
    const refused = await ask(at).response;
    expect(statusOf(refused)).toBe('503');
    expect(refused).toContain('x-envoy-overloaded: true');
    expect(records[0]?.flags).toBe('UO');
    expect(records[0]?.details).toBe('upstream_reset_before_response_started{overflow}');
    backend.answer();
    expect(statusOf(await first.response)).toBe('200');
    const next = ask(at);
    await backend.arrived(1);
    backend.answer();
    expect(statusOf(await next.response)).toBe('200');
  });

  it('forget a request that no longer waits', async () => {
    const backend = await holding(OK);
    const { at } = await gateway([backend.at], { limits: { maxConnections: 1, maxPending: 1 } }, { timeoutMs: 2_500 });
    const asked = [ask(at), ask(at)];
    expect((await Promise.all(asked.map(({ response }) => response))).map(statusOf)).toEqual(['504', '504']);
    const next = ask(at);
    await backend.arrived(2);
    backend.answer();
    expect(statusOf(await next.response)).toBe('200');
  });
});

describe('outlier detection', () => {
  it('leaves an endpoint out after its error', async () => {
    const [good, bad] = [await holding(OK), await holding(FAILURE)];
    const outlier = {
      consecutive5xx: 1,
      consecutiveGatewayErrors: 0,
      consecutiveLocalOriginFailures: 0,
      splitsLocalOrigin: false,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionPercent: 100,
    };
    const { at, proxy } = await gateway([bad.at, good.at], { outlier });
    const seen: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const asked = ask(at);
      await Promise.race([good.arrived(1), bad.arrived(1)]);
      good.answer();
      bad.answer();
      seen.push(statusOf(await asked.response));
    }
    expect(seen).toEqual(['500', '200', '200', '200']);
    const text = renderClusterMetrics([['default/gateway-0', proxy.clusterCounts()]]);
    const labels = `{proxy="default/gateway-0",cluster_name="${APP}"}`;
    expect(text).toContain(`envoy_cluster_outlier_detection_ejections_active${labels} 1\n`);
    expect(text).toContain(`envoy_cluster_outlier_detection_ejections_enforced_total${labels} 1\n`);
  });
});

describe('consistent hashing', () => {
  it('gives a client without the cookie one', async () => {
    const backend = await holding(OK);
    const creation = { maxAgeSeconds: 60, path: '/', attributes: [] };
    const { at } = await gateway(
      [backend.at],
      { balancer: { kind: 'ring-hash' } },
      { hash: [{ kind: 'cookie', name: 'sess', creation }] },
    );
    const asked = ask(at);
    await backend.arrived(1);
    backend.answer();
    expect(await asked.response).toMatch(/^set-cookie: sess="[0-9a-f]{16}"; Max-Age=60; Path=\/; HttpOnly$/m);
  });
});
