import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TapEvent } from '../../src/admin/protocol.ts';
import { runCli } from '../support/cli.ts';
import { type FakeMesh, startFakeMesh } from '../support/fake-mesh.ts';

let mesh: FakeMesh;
beforeEach(async () => {
  mesh = await startFakeMesh();
});
afterEach(() => mesh.close());

const heddle = (...argv: readonly string[]) => runCli(argv, { env: mesh.env });

const event = (over: Partial<TapEvent>): TapEvent => ({
  time: '2026-01-02T03:04:05.678Z',
  proxy: 'web-0.shop',
  side: 'source',
  source: { workload: 'web', namespace: 'shop' },
  destination: { workload: 'api', namespace: 'shop', service: 'orders.shop.svc.cluster.local' },
  protocol: 'HTTP/1.1',
  method: 'GET',
  authority: 'orders.shop',
  path: '/list?page=2',
  status: 200,
  flags: '-',
  details: 'via_upstream',
  durationMs: 12,
  bytesReceived: 0,
  bytesSent: 2,
  requestId: 'r',
  upstreamHost: '10.1.1.1:80',
  upstreamCluster: 'outbound|80||orders.shop.svc.cluster.local',
  route: 'default',
  routeOrigin: '',
  isMutualTls: true,
  ...over,
});

describe('local tap', () => {
  it('prints one line a request, and the callee’s record only with --both', async () => {
    mesh.control.events = [event({}), event({ side: 'destination', proxy: 'api-0.shop' })];
    const line = '03:04:05.678  out  web.shop → api.shop  GET orders.shop/list?page=2  200  12 ms  mTLS\n';
    expect((await heddle('local', 'tap', '--no-follow')).stdout).toBe(line);
    expect((await heddle('local', 'tap', '--no-follow', '--both')).stdout).toBe(line + line.replace('out', 'in '));
  });

  it('says who is outside, what failed and what denied it, and lets nobody speak to the terminal', async () => {
    const source = { workload: 'unknown', namespace: 'unknown' };
    mesh.control.events = [
      event({ source, status: 0, flags: 'UF', path: '/\u001b[2J', isMutualTls: false }),
      event({ status: 403, deniedBy: 'AuthorizationPolicy shop/none' }),
    ];
    const { stdout } = await heddle('local', 'tap', '--no-follow');
    expect(stdout).toContain('outside → api.shop  GET orders.shop/\\u001b[2J  -  UF  12 ms\n');
    expect(stdout).toContain('403  12 ms  mTLS  denied by AuthorizationPolicy shop/none\n');
  });

  it.each([
    [['--status', '5xx'], ['c']],
    [
      ['--status', '404', '--status', '50x'],
      ['b', 'c'],
    ],
    [
      ['--from', 'web'],
      ['a', 'b', 'c'],
    ],
    [['--from', 'web.other'], []],
    [['--to', 'api.shop', '--method', 'post'], ['b']],
    [
      ['--to', 'orders', '--path', '/list'],
      ['a', 'c'],
    ],
    [
      ['--to', 'orders.shop', '--authority', 'ORDERS.shop'],
      ['a', 'b', 'c'],
    ],
    [['--no-follow', '--tail', '1'], ['c']],
  ])('with %o prints %o', async (argv, expected) => {
    mesh.control.events = [
      event({ requestId: 'a' }),
      event({ requestId: 'b', method: 'POST', path: '/new', status: 404 }),
      event({ requestId: 'c', status: 503 }),
    ];
    const tail = argv.includes('--tail') ? [] : ['--tail', '9'];
    const { stdout } = await heddle('local', 'tap', '-o', 'ndjson', ...tail, ...argv);
    const ids = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).requestId]));
    expect(ids).toEqual(expected);
  });

  it('refuses a status that is none', async () => {
    const { code, stderr } = await heddle('local', 'tap', '--status', 'bad');
    expect(code).toBe(64);
    expect(stderr).toContain('for example 503, 5xx');
  });
});

describe('local top', () => {
  it('ranks what is asked most, with its times and failures', async () => {
    mesh.control.events = [
      event({ path: '/new', method: 'POST', durationMs: 3.25 }),
      ...[10, 30, 20].map((durationMs) => event({ durationMs, path: `/list?page=${durationMs}` })),
      event({ durationMs: 40, status: 503 }),
      event({ side: 'destination' }),
    ];
    const { stdout } = await heddle('local', 'top');
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^SOURCE +DESTINATION +METHOD +PATH +COUNT +BEST +P50 +P95 +WORST +LAST +SUCCESS$/),
      expect.stringMatching(/^web\.shop +api\.shop +GET +\/list +4 +10ms +20ms +40ms +40ms +40ms +75\.0%$/),
      expect.stringMatching(/^web\.shop +api\.shop +POST +\/new +1 +3\.3ms +3\.3ms +3\.3ms +3\.3ms +3\.3ms +100%$/),
    ]);
    const { kind, items } = JSON.parse((await heddle('local', 'top', '-o', 'json', '--limit', '1')).stdout);
    expect(kind).toBe('LocalTop');
    expect(items).toMatchObject([{ path: '/list', count: 4, success: 0.75 }]);
  });
});
