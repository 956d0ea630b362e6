import { describe, expect, it } from 'vitest';
import { BOOKSHOP } from '../bookshop.ts';
import { compileText } from '../compile-text.ts';

const BEFORE = BOOKSHOP.split('\n').length;

const problemsOf = async (text: string) => (await compileText(BOOKSHOP + text)).problems;

const virtualService = (http: string, hosts = '[reviews]'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: ${hosts}
  http:
${http}
`;

const TO_REVIEWS = 'route: [{destination: {host: reviews}}]';

describe('a VirtualService that Istio refuses', () => {
  it.each([
    ['an invalid regex', `  - {match: [{uri: {regex: '['}}], ${TO_REVIEWS}}`],
    ['an invalid header regex', `  - {match: [{headers: {x: {regex: '('}}}], ${TO_REVIEWS}}`],
    ['an empty header prefix', `  - {match: [{headers: {x: {prefix: ''}}}], ${TO_REVIEWS}}`],
    ['two actions', `  - {redirect: {uri: /x}, ${TO_REVIEWS}}`],
    ['weights that are all 0', '  - {route: [{destination: {host: a}, weight: 0}, {destination: {host: b}}]}'],
    ['an unknown retry condition', `  - {retries: {attempts: 1, retryOn: bogus}, ${TO_REVIEWS}}`],
    ['two rewrites', `  - {rewrite: {uri: /a, uriRegexRewrite: {match: a, rewrite: b}}, ${TO_REVIEWS}}`],
    ['an abort status out of range', `  - {fault: {abort: {httpStatus: 42}}, ${TO_REVIEWS}}`],
    ['a mirror percentage above 100', `  - {mirror: {host: a}, mirrorPercentage: {value: 101}, ${TO_REVIEWS}}`],
    ['a redirect that is none', '  - {redirect: {uri: /x, redirectCode: 200}}'],
    ['an action beside a delegate', `  - {delegate: {name: x}, ${TO_REVIEWS}}`],
  ])('for %s is reported at its line and left out', async (_, rule) => {
    const compiled = await compileText(BOOKSHOP + virtualService(rule));
    const errors = compiled.problems.filter(({ severity }) => severity === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'INVALID_OBJECT', resource: 'VirtualService default/shop' });
    expect(errors[0]?.span?.line).toBe(BEFORE + 7);
    const routes = compiled.proxies.get('default/client-0')?.outbound.byPort.get(80)?.routes;
    expect(routes?.exact.get('reviews')?.routes.map(({ name }) => name)).toEqual(['default']);
  });

  it.each([
    ['*', "['*']"],
    ['*.*', "['*.*']"],
    ['reviews twice', '[reviews, reviews]'],
  ])('for the host %s is left out', async (_, hosts) => {
    const errors = await problemsOf(virtualService(`  - {${TO_REVIEWS}}`, hosts));
    expect(errors.map(({ severity }) => severity)).toEqual(['error']);
  });
});

describe('what local mode does not do', () => {
  it('is said of a field at its line, and the rest works', async () => {
    const problems = await problemsOf(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy:
    outlierDetection: {consecutiveErrors: 1}
    tls: {mode: SIMPLE}
    connectionPool:
      tcp: {tcpKeepalive: {probes: 3}, connectTimeout: 1s}
`);
    expect(problems.map(({ code, span, severity }) => [severity, code, (span?.line ?? 0) - BEFORE])).toEqual([
      ['warning', 'UNSUPPORTED_FIELD', 7],
      ['warning', 'UNSUPPORTED_FIELD', 10],
    ]);
  });

  it('is said once of every object of a kind', async () => {
    const problems = await problemsOf(`
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: nobody}
spec: {}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: filter}
spec: {configPatches: []}
`);
    expect(problems.map(({ code, resource }) => `${code} ${resource}`)).toEqual([
      'UNSUPPORTED_KIND EnvoyFilter default/filter',
    ]);
    expect(problems[0]?.message).toContain('as if it did not exist');
  });

  it('is said of a gateway server that stays closed', async () => {
    const [problem] = await problemsOf(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ['*']
    tls: {mode: AUTO_PASSTHROUGH}
`);
    expect(problem).toMatchObject({ severity: 'warning', code: 'UNSUPPORTED_FIELD' });
    expect(problem?.message).toContain('port 443 stays closed');
  });

  it('is nothing for the configurations it knows', async () => {
    expect(await problemsOf(virtualService(`  - {${TO_REVIEWS}}`))).toEqual([]);
  });
});
