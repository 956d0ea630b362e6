import { describe, expect, it } from 'vitest';
import { normalizePath } from '../../src/traffic/path.ts';
import { type CompiledText, compileText } from './compile-text.ts';
import { answerRequest, type RouteAnswer } from './conformance-answer.ts';
import { type Probe, readConformanceSuite } from './conformance-suite.ts';

const suite = readConformanceSuite();
const { probes, manifests } = typeof suite === 'string' ? { probes: [], manifests: () => '' } : suite;

/** What the tables of the suite do not tell or decisions about routes do not cover, each with its reason. */
const LEFT_OUT: readonly (readonly [reason: string, concerns: (probe: Probe) => boolean])[] = [
  ['is about TLS', ({ test }) => /^(BackendTLSPolicy|GatewayTLSBackend|GatewayFrontend)/.test(test)],
  [
    'is asked after the grant is deleted',
    ({ test, expected }) => test === 'HTTPRouteReferenceGrant' && expected.Response?.StatusCode === 500,
  ],
  ['computes its paths', ({ test }) => test === 'HTTPRouteServiceTypes'],
  ['computes its address', ({ expected }) => expected.Request?.Host === null],
  [
    'is against Istio, whose sidecars route by Host',
    ({ test, expected }) => test === 'MeshFrontendHostname' && expected.Request?.Headers?.['Host'] !== undefined,
  ],
];

const asked = probes.filter((probe) => !LEFT_OUT.some(([, concerns]) => concerns(probe)));
const tests = [...new Set(asked.map(({ test }) => test))];

const compiled = new Map<string, Promise<CompiledText>>();

const compileTest = (probe: Probe): Promise<CompiledText> => {
  const known = compiled.get(probe.test) ?? compileText(manifests(probe));
  compiled.set(probe.test, known);
  return known;
};

describe.skipIf(typeof suite === 'string')(
  `the Gateway API's conformance suite${typeof suite === 'string' ? `: ${suite}` : ''}`,
  () => {
    it.each(tests)('%s', async (test) => {
      const own = asked.filter((probe) => probe.test === test);
      for (const probe of own) {
        const answer = await ask(probe);
        expect(contradictions(probe, answer), JSON.stringify([probe.from, probe.expected])).toEqual([]);
      }
    });

    it('asks hundreds of requests', () => {
      expect(asked.length).toBeGreaterThan(400);
      expect(tests.length).toBeGreaterThan(60);
    });
  },
);

const GRPC_SERVICE = '/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho';

const lowerCase = (headers: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> =>
  new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const ask = async (probe: Probe): Promise<RouteAnswer | undefined> => {
  const { world, proxies } = await compileTest(probe);
  const { expected, from, kind } = probe;
  if (from === null) return undefined;
  const { Request: request = {}, RequestMetadata: metadata = {} } = expected;
  const headers = lowerCase(kind === 'grpc' ? metadata.Metadata : request.Headers);
  const dialled = (kind === 'grpc' ? metadata.Authority : request.Host) ?? ('Client' in from ? 'echo' : '192.0.2.1');
  const authority = headers.get('host') ?? dialled;
  const path = normalizePath(kind === 'grpc' ? grpcPath(expected) : (request.Path ?? '/'), 'BASE');
  if ('refused' in path) return undefined;
  const head = {
    method: request.Method ?? (kind === 'grpc' ? 'POST' : 'GET'),
    path: path.path,
    authority,
    scheme: 'http',
    headerValues: (name: string) => [headers.get(name) ?? []].flat(),
  };
  const named = Number(dialled.split(':')[1] ?? 80);
  if ('Client' in from) {
    const labels = from.Client.split(',').map((label) => label.split('='));
    const client = world.pods.find(
      ({ pod }) => pod.namespace === from.Namespace && labels.every(([key = '', value]) => pod.labels[key] === value),
    );
    const tables = proxies.get(`${client?.pod.namespace}/${client?.pod.name}`);
    const [name = '', namespace = from.Namespace] = dialled.replace(/:\d+$/, '').split('.');
    const address = world.serviceAddress(namespace, name);
    if (tables === undefined || address === undefined) return undefined;
    const place = { direction: 'outbound', address, port: named } as const;
    return answerRequest(tables, place, head, headers, lowerCase(expected.BackendSetResponseHeaders));
  }
  const { Name: name, Namespace: gatewayNamespace } = from.Gateway;
  const namespace = gatewayNamespace ?? 'gateway-conformance-infra';
  const tables = proxies.get(`${namespace}/${name}-istio-0`);
  const listeners = world.mesh.find('KubernetesGateway', namespace, name)?.object.spec.listeners ?? [];
  const listener = listeners.find((one) => from.Listeners?.includes(one.name) === true) ?? listeners[0];
  if (tables === undefined || listener === undefined) return undefined;
  const port = tables.gateway.has(named) && dialled.includes(':') ? named : listener.port;
  const place = { direction: 'gateway', address: '', port } as const;
  return answerRequest(tables, place, head, headers, lowerCase(expected.BackendSetResponseHeaders));
};

const grpcPath = (expected: Probe['expected']): string => {
  if (expected.EchoTwoRequest !== undefined) return `${GRPC_SERVICE}/EchoTwo`;
  return `${GRPC_SERVICE}/${expected.EchoThreeRequest === undefined ? 'Echo' : 'EchoThree'}`;
};

/** The comparison that the suite makes itself, on the answer of tables and decisions. */
const contradictions = ({ expected, kind, from }: Probe, answer: RouteAnswer | undefined): readonly string[] => {
  if (answer === undefined) return ['nobody could be asked'];
  const wrong: string[] = [];
  const check = (what: string, wanted: unknown, found: unknown): void => {
    if (wanted !== found) wrong.push(`${what}: wanted ${String(wanted)}, found ${String(found)}`);
  };
  const { Response: response = {}, ExpectedRequest: seen = {}, RedirectRequest: redirect } = expected;
  const isUnimplemented = kind === 'grpc' && response.Code === 'Unimplemented';
  const statuses = [...(response.StatusCodes ?? []), response.StatusCode ?? []].flat();
  const accepted = isUnimplemented ? [404] : statuses.length === 0 ? [200] : statuses;
  if (!accepted.includes(answer.status)) wrong.push(`status: wanted ${accepted.join(' or ')}, found ${answer.status}`);
  if (redirect !== undefined) checkRedirect(redirect, answer, expected, check);
  if (answer.status !== 200) return wrong;
  checkHeaders(response, answer, check);
  const { received } = answer;
  if (received === undefined) return wrong;
  const wanted = expected.ExpectedRequest?.Request ?? expected.Request ?? {};
  // The suite looks at those of gateways only.
  if (kind === 'http' && from !== null && 'Gateway' in from) {
    if (wanted.Host !== undefined) check('host', wanted.Host, received.host);
    check('path', wanted.Path ?? '', received.path);
    check('method', wanted.Method ?? 'GET', received.method);
  }
  for (const [name, value] of lowerCase(wanted.Headers)) check(`request ${name}`, value, received.headers.get(name));
  for (const name of seen.AbsentHeaders ?? []) {
    check(`request ${name}`, undefined, received.headers.get(name.toLowerCase()));
  }
  const backend = `${expected.Namespace ?? ''}/${expected.Backend ?? ''}`;
  for (const pod of received.pods) {
    if (!(expected.Namespace === undefined ? pod.includes(backend) : pod.startsWith(backend))) {
      wrong.push(`answered by ${pod}, wanted ${backend}`);
    }
  }
  if (received.pods.size === 0) wrong.push('no pod to answer');
  const mirrors = (expected.MirroredTo ?? []).map(
    ({ BackendRef: { Name, Namespace } }) => `${Name}.${Namespace}.svc.cluster.local`,
  );
  if (mirrors.length > 0) check('mirrors', mirrors.sort().join(), [...answer.mirrors].sort().join());
  return wrong;
};

type Check = (what: string, wanted: unknown, found: unknown) => void;

const checkHeaders = (
  response: NonNullable<Probe['expected']['Response']>,
  answer: RouteAnswer,
  check: Check,
): void => {
  const strip = (text: string | undefined): string | undefined =>
    response.IgnoreWhitespace === true ? text?.replaceAll(' ', '') : text;
  for (const [name, value] of lowerCase(response.Headers)) {
    check(`response ${name}`, strip(value), strip(answer.headers.get(name)));
  }
  for (const [name, values] of Object.entries(response.ValidHeaderValues ?? {})) {
    const found = strip(answer.headers.get(name.toLowerCase()));
    check(`response ${name} in ${values.join(' or ')}`, true, values.map(strip).includes(found));
  }
  for (const name of response.AbsentHeaders ?? []) {
    check(`response ${name}`, undefined, answer.headers.get(name.toLowerCase()));
  }
};

const checkRedirect = (
  redirect: NonNullable<Probe['expected']['RedirectRequest']>,
  answer: RouteAnswer,
  expected: Probe['expected'],
  check: Check,
): void => {
  const location = new URL(answer.headers.get('location') ?? 'none:');
  check('redirect scheme', redirect.Scheme ?? 'http', location.protocol.replace(':', ''));
  if (redirect.Host !== undefined) check('redirect host', redirect.Host, location.hostname);
  // The default port of a scheme may be named or not, and URL never names it.
  const isDefault = redirect.Port === (redirect.Scheme === 'https' ? '443' : '80');
  check('redirect port', isDefault ? '' : (redirect.Port ?? ''), location.port);
  check('redirect path', redirect.Path ?? expected.Request?.Path ?? '', location.pathname);
};
