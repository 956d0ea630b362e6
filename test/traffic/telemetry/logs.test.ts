import { describe, expect, it } from 'vitest';
import { compileTelemetry, loggedBy, telemetry, telemetryOf } from './small-telemetry.ts';

const MESH = `accessLogFile: /dev/stdout
accessLogFormat: "%RESPONSE_CODE%"
extensionProviders:
- name: short
  envoyFileAccessLog: {path: /dev/stdout, logFormat: {text: "%REQ(:METHOD)%"}}
- name: fields
  envoyFileAccessLog: {path: /dev/stdout, logFormat: {labels: {code: "%RESPONSE_CODE%", who: "%REQ(X-WHO)%"}}}
- name: sparse
  envoyFileAccessLog: {path: /dev/stdout, omitEmptyValues: true, logFormat: {labels: {code: "%RESPONSE_CODE%", who: "%REQ(X-WHO)%"}}}
- name: remote
  envoyOtelAls: {service: otel.shop.svc.cluster.local, port: 4317}`;

const logs = async (telemetries: string, proxy = 'web', mesh = MESH) => {
  const of = telemetryOf(await compileTelemetry(mesh, telemetries), proxy);
  return { source: loggedBy(of), destination: loggedBy(of, { reporter: 'destination' }) };
};

describe('the access logs of a proxy', () => {
  it('are that of the mesh configuration where no provider is named', async () => {
    const mesh = { '(mesh)': '200\n' };
    expect(await logs('')).toEqual({ source: mesh, destination: mesh });
    // Without a default provider there is nothing that the entry could switch off.
    const nameless = telemetry('shop', 'off', '{accessLogging: [{disabled: true}]}');
    expect(await logs(nameless)).toEqual({ source: mesh, destination: mesh });
  });

  it('are the default providers, which an entry without a name switches off', async () => {
    const mesh = `${MESH}\ndefaultProviders: {accessLogging: [envoy, short]}`;
    const both = { envoy: '200\n', short: 'GET\n' };
    expect(await logs('', 'web', mesh)).toEqual({ source: both, destination: both });
    const off = telemetry('shop', 'off', '{accessLogging: [{disabled: true, match: {mode: SERVER}}]}');
    // For the side that it is not about the Telemetry names no provider, and takes the place of the defaults all the same.
    expect(await logs(off, 'web', mesh)).toEqual({ source: { '(mesh)': '200\n' }, destination: {} });
  });

  it('are those of the nearest level that names any', async () => {
    const root = telemetry('istio-system', 'root', '{accessLogging: [{providers: [{name: envoy}]}]}');
    const space = telemetry('shop', 'space', '{accessLogging: [{providers: [{name: SHORT}]}]}');
    const own = telemetry(
      'shop',
      'own',
      '{selector: {matchLabels: {app: web}}, accessLogging: [{providers: [{name: fields}]}]}',
    );
    const one = async (text: string, proxy: string) => Object.keys((await logs(text, proxy)).source);
    expect(await one(root, 'web')).toEqual(['envoy']);
    expect(await one(root + space, 'web')).toEqual(['SHORT']);
    expect(await one(root + space + own, 'web')).toEqual(['fields']);
    expect(await one(root + space + own, 'db')).toEqual(['SHORT']);
  });

  it('begin with the oldest of two Telemetries of one namespace', async () => {
    const first = telemetry('shop', 'z', '{accessLogging: [{providers: [{name: envoy}]}]}');
    const second = telemetry('shop', 'a', '{accessLogging: [{providers: [{name: short}]}]}');
    expect(Object.keys((await logs(first + second)).source)).toEqual(['envoy']);
  });

  it('are on again for one side where the level above switched them off', async () => {
    const root = telemetry('istio-system', 'root', '{accessLogging: [{providers: [{name: envoy}], disabled: true}]}');
    const space = telemetry(
      'shop',
      'space',
      '{accessLogging: [{providers: [{name: envoy}], match: {mode: CLIENT}, disabled: false}]}',
    );
    expect(await logs(root)).toEqual({ source: {}, destination: {} });
    expect(await logs(root + space)).toEqual({ source: { envoy: '200\n' }, destination: {} });
  });

  it('print the headers that their format asks for, or leave out what is absent', async () => {
    const both = telemetry('shop', 'b', '{accessLogging: [{providers: [{name: fields}, {name: sparse}]}]}');
    const of = telemetryOf(await compileTelemetry(MESH, both), 'web');
    expect(of.keepsHeaders).toBe(true);
    expect(loggedBy(of)).toEqual({ fields: '{"code":200,"who":null}\n', sparse: '{"code":200}\n' });
    const headers = { request: new Map([['x-who', 'ann\u0007']]), response: new Map() };
    expect(loggedBy(of, { headers })['fields']).toBe('{"code":200,"who":"ann\\u0007"}\n');
  });
});

describe('the filter of an access log', () => {
  const filtered = (expression: string) =>
    telemetry(
      'shop',
      'f',
      `{accessLogging: [{providers: [{name: short}], filter: {expression: ${JSON.stringify(expression)}}}]}`,
    );
  const headers = { request: new Map([['x-debug', '1']]), response: new Map() };

  it.each([
    ['response.code >= 400', { responseCode: 503 }, true],
    ['response.code >= 400', { responseCode: 200 }, false],
    ['request.headers["x-debug"] == "1"', { headers }, true],
    ['request.headers["x-debug"] == "1"', {}, false],
    ['"x-debug" in request.headers || response.code == 200', {}, true],
    ['request.url_path == "/a" && request.query == "b=c"', { path: '/a?b=c' }, true],
    ['request.duration > duration("1s")', { durationMs: 1500 }, true],
    ['request.path.matches("^/heal(th)+z")', { path: '/healthz?x' }, true],
    ['connection.mtls', { peerPrincipal: '' }, false],
    ['response.flags == 2', { flags: 'UH' }, true],
    ['response.flags == 0', { flags: '-' }, true],
    ['has(response.grpc_status) && response.grpc_status != 0', { grpcStatus: 7 }, true],
    ['xds.cluster_name.startsWith("outbound|")', { upstreamCluster: 'outbound|80||a' }, true],
    ['upstream.port == 8080', { upstreamHost: '10.44.1.2:8080' }, true],
    // An expression that is no boolean, or ends in an error, lets nothing through.
    ['request.path', {}, false],
    ['request.nope == 1', {}, false],
  ])('%s of %o: %s', async (expression, record, expected) => {
    const of = telemetryOf(await compileTelemetry(MESH, filtered(expression)), 'web');
    expect('short' in loggedBy(of, record)).toBe(expected);
  });

  it('is refused with its object when it is no CEL', async () => {
    const compiled = await compileTelemetry(MESH, filtered('response.code >='));
    expect(compiled.problems).toMatchObject([
      { severity: 'error', code: 'INVALID_OBJECT', resource: 'Telemetry shop/f' },
    ]);
    expect(Object.keys(loggedBy(telemetryOf(compiled, 'web')))).toEqual(['(mesh)']);
  });

  it('is doubted when no request has what it names', async () => {
    const { problems } = await compileTelemetry(MESH, filtered('respons.code > 1'));
    expect(problems).toMatchObject([{ severity: 'warning', code: 'EXPRESSION_WITHOUT_VALUE' }]);
    expect(problems[0]?.message).toContain('respons');
  });
});

describe('what a Telemetry asks of logs and does not get', () => {
  const problemsOf = async (spec: string) =>
    (await compileTelemetry(MESH, telemetry('shop', 't', spec))).problems.map(({ code, message, span }) => ({
      code,
      message,
      line: span?.line !== undefined,
    }));

  it('is said at its line', async () => {
    expect(await problemsOf('{accessLogging: [{providers: [{name: remote}]}]}')).toMatchObject([
      { code: 'UNSUPPORTED_FIELD', message: expect.stringContaining('provider remote'), line: true },
    ]);
    expect(await problemsOf('{accessLogging: [{providers: [{name: nobody}]}]}')).toMatchObject([
      { code: 'PROVIDER_NOT_FOUND', message: expect.stringContaining('"nobody"') },
    ]);
    expect(await problemsOf('{accessLogging: [{providers: [{name: prometheus}]}]}')).toMatchObject([
      { code: 'PROVIDER_WITHOUT_EFFECT' },
    ]);
  });

  it('does not fall back to the log of the mesh configuration for a service that takes logs', async () => {
    const remote = telemetry('shop', 't', '{accessLogging: [{providers: [{name: remote}]}]}');
    expect((await logs(remote)).source).toEqual({});
  });
});
