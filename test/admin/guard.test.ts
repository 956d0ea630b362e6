import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeMesh, startFakeMesh, TOKEN } from '../support/fake-mesh.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let mesh: FakeMesh;
beforeAll(async () => {
  mesh = await startFakeMesh();
});
afterAll(() => mesh.close());

/** Sends exactly these headers; Host is `127.0.0.1:PORT` unless given. `PORT` in values stands for the real one. */
const ask = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const port = mesh.server.port;
    const own = Object.entries({ Host: '127.0.0.1:PORT', ...headers }).map(
      ([name, value]) => [name, value.replace('PORT', String(port))] as const,
    );
    const sent = request({ host: '127.0.0.1', port, method, path, headers: Object.fromEntries(own), agent: false });
    sent.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
    sent.on('error', reject);
    sent.end(body);
  });

const bearer = { Authorization: `Bearer ${TOKEN}` };
const json = { 'Content-Type': 'application/json' };
const EVERY_PATH = [
  '/healthz',
  '/stats/prometheus',
  '/v1/summary',
  '/v1/status',
  '/v1/logs',
  '/v1/curl-target',
  '/v1/trace',
  '/v1/reload',
  '/v1/stop',
  '/v1/bind',
  '/v1/unbind',
];
const MUTATIONS = ['/v1/reload', '/v1/stop', '/v1/bind', '/v1/unbind'];

describe('the Host check', () => {
  const foreign = [
    'evil.example',
    'evil.example:PORT',
    'localhost.evil.example:PORT',
    '127.0.0.1.evil.example:PORT',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:1',
    '0.0.0.0:PORT',
    '127.1:PORT',
    '2130706433:PORT',
    'user@localhost:PORT',
    '[::ffff:127.0.0.1]:PORT',
  ];
  it.each(foreign)('refuses "%s" on every path, with a right token and before the path is looked at', async (host) => {
    for (const path of [...EVERY_PATH, '/nothing'])
      expect((await ask('GET', path, { Host: host, ...bearer })).status).toBe(421);
  });

  it('refuses a request without Host, as HTTP/1.0 allows it', async () => {
    const socket = connect({ host: '127.0.0.1', port: mesh.server.port });
    socket.end(`GET /v1/status HTTP/1.0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 421 /);
  });

  it.each(['127.0.0.1:PORT', 'localhost:PORT', 'LOCALHOST:PORT', '[::1]:PORT'])('accepts "%s"', async (host) => {
    expect((await ask('GET', '/healthz', { Host: host })).status).toBe(200);
  });
});

describe('reads', () => {
  it('answers health and metrics without a token, for scrapers on this machine', async () => {
    expect((await ask('GET', '/healthz')).status).toBe(200);
    const metrics = await ask('GET', '/stats/prometheus');
    expect(metrics.body).toBe('istio_requests_total 1\n');
    expect(metrics.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it.each(['/v1/summary', '/v1/status', '/v1/logs', '/v1/curl-target', '/v1/trace'])(
    'refuses %s without the token, with half of it, and with another scheme',
    async (path) => {
      const wrong = [
        {},
        { Authorization: 'Bearer ' },
        { Authorization: `Bearer ${TOKEN.slice(0, -1)}` },
        { Authorization: `Bearer ${TOKEN}x` },
        { Authorization: `Basic ${TOKEN}` },
        { Authorization: TOKEN },
        { Cookie: `token=${TOKEN}` },
      ];
      for (const headers of wrong) expect((await ask('GET', path, headers)).status).toBe(401);
      expect((await ask('GET', `${path}?token=${TOKEN}`)).status).toBe(401);
      expect((await ask('GET', path, bearer)).status).toBe(200);
    },
  );

  it.each(EVERY_PATH.filter((path) => !MUTATIONS.includes(path)))('changes nothing by POST on %s', async (path) => {
    const answer = await ask('POST', path, { ...bearer, ...json }, '{}');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
  });
});

describe('mutations', () => {
  const origins: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, true],
    ['http://127.0.0.1:PORT', true],
    ['http://localhost:PORT', true],
    ['http://evil.example', false],
    ['http://localhost:1', false],
    ['https://127.0.0.1:PORT', false],
    ['null', false],
  ];
  const sites: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, true],
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
  ];
  const types: readonly (readonly [string | undefined, boolean])[] = [
    ['application/json', true],
    ['application/json; charset=utf-8', true],
    [undefined, false],
    ['text/plain', false],
    ['application/x-www-form-urlencoded', false],
    ['multipart/form-data', false],
    ['application/json-patch', false],
  ];
  const matrix = origins.flatMap(([origin, originIn]) =>
    sites.flatMap(([site, siteIn]) =>
      types.flatMap(([type, typeIn]) =>
        [true, false].map((hasToken) => ({
          origin,
          site,
          type,
          hasToken,
          letIn: originIn && siteIn && typeIn && hasToken,
        })),
      ),
    ),
  );

  it('lets in only JSON with the token from no other site, of every combination', async () => {
    const wrong: unknown[] = [];
    for (const { origin, site, type, hasToken, letIn } of matrix) {
      const headers = {
        ...(origin === undefined ? {} : { Origin: origin }),
        ...(site === undefined ? {} : { 'Sec-Fetch-Site': site }),
        ...(type === undefined ? {} : { 'Content-Type': type }),
        ...(hasToken ? bearer : {}),
      };
      const before = mesh.control.calls.length;
      const { status } = await ask('POST', '/v1/reload', headers, '{}');
      const isRun = mesh.control.calls.length > before;
      if (isRun !== letIn || (status === 200) !== letIn) wrong.push({ ...headers, status, isRun });
    }
    expect(wrong).toEqual([]);
    expect(matrix.filter(({ letIn }) => letIn)).toHaveLength(18);
  });

  it.each(MUTATIONS)('refuses every other method on %s', async (path) => {
    const before = [...mesh.control.calls];
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ask(method, path, { ...bearer, ...json });
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('POST');
    }
    expect(mesh.control.calls).toEqual(before);
  });

  it('refuses a body that is not JSON, is not what is asked for, or is too long', async () => {
    const headers = { ...bearer, ...json };
    expect((await ask('POST', '/v1/bind', headers, '{"app":')).status).toBe(400);
    expect((await ask('POST', '/v1/bind', headers, 'null')).status).toBe(400);
    for (const port of ['0', '65536', '1.5', '"80"', '-1'])
      expect((await ask('POST', '/v1/bind', headers, `{"app":"a","port":${port}}`)).status).toBe(400);
    expect((await ask('POST', '/v1/unbind', headers, '{"__proto__":{"id":"x"}}')).status).toBe(400);
    expect((await ask('POST', '/v1/reload', headers, `"${'x'.repeat(70_000)}"`)).status).toBe(413);
  });
});

describe('every reply', () => {
  it('forbids use by other sites, in frames and by caches, whatever it answers', async () => {
    const replies = [
      await ask('GET', '/healthz'),
      await ask('GET', '/v1/status', bearer),
      await ask('GET', '/v1/status'),
      await ask('GET', '/nothing'),
      await ask('GET', '/healthz', { Host: 'evil.example' }),
      await ask('POST', '/v1/reload', { ...bearer, ...json, Origin: 'http://evil.example' }, '{}'),
      await ask('OPTIONS', '/v1/reload', { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 401, 404, 421, 403, 405]);
    for (const { headers } of replies) {
      expect(headers['content-security-policy']).toContain("default-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('paths', () => {
  it.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/status/',
    '//v1/status',
    '/v1/../v1/status',
    '/v1/%73tatus',
    '/V1/STATUS',
    '/v1/status;x',
    '/../../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%5c..%5cetc/passwd',
    '/__proto__',
    '/constructor',
    'http://127.0.0.1/v1/status',
  ])('knows nothing at %s', async (path) => {
    expect((await ask('GET', path, bearer)).status).toBe(404);
  });

  it('refuses a target that is longer than 8 KiB', async () => {
    expect((await ask('GET', `/v1/status?${'x'.repeat(9000)}`, bearer)).status).toBe(404);
  });
});
