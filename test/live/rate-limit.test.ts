import { afterEach, describe, expect, it } from 'vitest';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { RateLimit, RateLimitFilter } from '../../src/traffic/rate-limit.ts';
import { authority, network, RawClient, responsesIn, route, routeTable, spiffe, tables } from '../proxy/small-mesh.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const limit: RateLimit = {
  origin: {
    resource: 'EnvoyFilter default/limit',
    span: { file: 'limit.yaml', line: 9, column: 1, endLine: 9, endColumn: 2 },
  },
  bucket: { id: 'b', maxTokens: 1, tokensPerFill: 1, fillMs: 60_000 },
  enabledPercent: 100,
  enforcedPercent: 100,
  status: 429,
  responseHeaders: [{ how: 'set', name: 'x-limited', value: '%REQ(:path)%' }],
  requestHeaders: [],
  descriptors: [],
  stage: 0,
  isPerConnection: false,
  tellsRemaining: true,
  alwaysUsesBucket: true,
};

/** A gateway whose one route answers by itself; its clock only goes where it is told to. */
const start = async (changes: Partial<RateLimit> = {}, more: Partial<RateLimitFilter> = {}) => {
  const time = { ms: 0 };
  const records: AccessRecord[] = [];
  const direct = route({ kind: 'respond', status: 200, body: 'ok', fault: undefined });
  const filter: RateLimitFilter = {
    name: 'l',
    direction: 'gateway',
    isFirst: false,
    limit: { ...limit, ...changes },
    ...more,
  };
  const proxy = createProxy({
    tables: { ...tables({ routes: routeTable(direct) }), rateLimits: { filters: [filter], routes: new Map() } },
    network: network(new Map()),
    clock: { nowMs: () => time.ms, monotonicMs: () => time.ms },
    random: () => 0.5,
    identity: await (await authority()).issue(spiffe('gateway')),
    onRecord: (record) => records.push(record),
  });
  closers.push(() => proxy.close(0));
  const at = await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
  const connect = () => {
    const raw = new RawClient(at);
    closers.push(() => raw.destroy());
    return async (lines = ''): Promise<{ head: string; body: string }> => {
      const before = responsesIn(raw.received).length;
      raw.write(`GET /a HTTP/1.1\r\nhost: app\r\n${lines}\r\n`);
      const all = responsesIn(await raw.until((bytes) => responsesIn(bytes).length > before));
      return all[before] ?? { head: '', body: '' };
    };
  };
  return { connect, records, time };
};

describe('a rate limit', () => {
  it('answers 429 when its bucket is empty, with what it was told to say, until there is a token again', async () => {
    const { connect, records, time } = await start();
    const send = connect();
    const passed = await send();
    expect(passed.head).toMatch(/^HTTP\/1\.1 200/);
    expect(passed.head).toContain('x-ratelimit-remaining: 0');
    expect(passed.head).not.toContain('x-limited');
    const refused = await send();
    expect(refused.head).toMatch(/^HTTP\/1\.1 429/);
    expect(refused.head).toContain('x-limited: /a');
    expect(refused.head).toContain('x-ratelimit-limit: 1');
    expect(refused.head).toContain('x-ratelimit-reset: 60');
    expect(refused.body).toBe('local_rate_limited');
    expect(records[1]).toMatchObject({
      responseCode: 429,
      flags: 'RL',
      details: 'local_rate_limited',
      deniedBy: 'EnvoyFilter default/limit limit.yaml:9',
    });
    time.ms += 60_000;
    expect((await send()).head).toMatch(/^HTTP\/1\.1 200/);
  });

  it('is shared by connections, unless each is to have its own', async () => {
    const shared = await start();
    await shared.connect()();
    expect((await shared.connect()()).head).toMatch(/^HTTP\/1\.1 429/);
    const own = await start({ isPerConnection: true });
    const first = own.connect();
    await first();
    expect((await first()).head).toMatch(/^HTTP\/1\.1 429/);
    expect((await own.connect()()).head).toMatch(/^HTTP\/1\.1 200/);
  });

  it.each([
    ['another port', {}, { port: 81 }],
    ['requests that are not sampled', { enabledPercent: 0 }, {}],
    ['requests that it only counts', { enforcedPercent: 0 }, {}],
  ] as const)('leaves alone %s', async (_, changes, more) => {
    const { connect } = await start(changes, more);
    const send = connect();
    await send();
    expect((await send()).head).toMatch(/^HTTP\/1\.1 200/);
  });

  it('tells gRPC callers by grpc-status', async () => {
    const { connect } = await start({ grpcStatus: 8 }, { isFirst: true });
    const send = connect();
    const lines = 'content-type: application/grpc\r\n';
    await send(lines);
    const { head } = await send(lines);
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expect(head).toContain('grpc-status: 8');
  });
});
