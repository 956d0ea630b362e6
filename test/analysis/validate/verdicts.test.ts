import { describe, expect, it } from 'vitest';
import { validateDocuments } from '../../../src/analysis/validate/validate.ts';
import { loadYaml } from '../../../src/yaml/load.ts';

const verdictsOf = (text: string) => validateDocuments(loadYaml({ name: 'in.yaml', text }).documents);

const verdictOf = async (text: string) => {
  const [verdict] = await verdictsOf(text);
  if (verdict === undefined) throw new Error('no object');
  const { problems, refusedBy } = verdict;
  return {
    verdict: verdict.verdict,
    refusedBy,
    lines: problems.map(({ severity, span, code }) => `${span?.line}:${span?.column} ${severity} ${code}`),
  };
};

const virtualService = (spec: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
${spec.replace(/^/gm, '  ')}
`;

describe('a verdict', () => {
  it('is istiod for a mesh configuration, at the fields it does not start with', async () => {
    const text = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: a}
spec:
  meshConfig:
    connectTimeout: 2h
    defaultConfig:
      privateKeyProvider: {cryptomb: {}}
    trustDomainAliases: [a, b_c]
`;
    expect(await verdictOf(text)).toEqual({
      verdict: 'invalid',
      refusedBy: 'istiod',
      lines: ['6:5 error REFUSED', '9:29 error REFUSED', '8:28 error REFUSED'],
    });
  });

  it('is the schema for a field that is not there, at the key', async () => {
    expect(await verdictOf(virtualService('hosts: [reviews]\nhtpp: []'))).toEqual({
      verdict: 'invalid',
      refusedBy: 'schema',
      lines: ['6:3 error UNKNOWN_FIELD'],
    });
  });

  it('is the schema for a CEL rule that is broken, at the value, and then the webhook is not asked', async () => {
    const text = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [a.example.com]
  ports:
  - {number: 80, name: http, protocol: HTTP}
  - {number: 80, name: http, protocol: HTTP}
`;
    expect(await verdictOf(text)).toEqual({ verdict: 'invalid', refusedBy: 'schema', lines: ['8:5 error BAD_VALUE'] });
    expect(
      await verdictOf(
        text.replace('80, name: http, protocol: HTTP}\n  - {number: 80', '80, name: web}\n  - {number: 70000'),
      ),
    ).toEqual({
      verdict: 'invalid',
      refusedBy: 'schema',
      lines: ['8:14 error BROKEN_RULE'],
    });
  });

  it('is the webhook for what no schema says', async () => {
    expect(
      await verdictOf(virtualService('hosts: [reviews, reviews]\nhttp: [{route: [{destination: {host: "*"}}]}]')),
    ).toEqual({
      verdict: 'invalid',
      refusedBy: 'webhook',
      lines: ['5:20 error REFUSED', '6:40 error REFUSED'],
    });
  });

  it('lets an object in with the warnings of the webhook', async () => {
    const rule = '{match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews}}]}';
    expect(await verdictOf(virtualService(`hosts: [reviews]\nhttp:\n- ${rule}\n- ${rule}`))).toEqual({
      verdict: 'valid',
      refusedBy: undefined,
      lines: ['8:14 warning INEFFECTIVE_MATCH', '8:5 warning UNREACHABLE_RULE'],
    });
  });

  it('is istiod for a mesh configuration it would not read, and istioctl for names that tell no protocol', async () => {
    const [config, service] = await verdictsOf(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: "trustDomain: not_a_domain"
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: web-main, port: 80}]}
`);
    expect(config?.refusedBy).toBe('istiod');
    expect(service?.refusedBy).toBe('istioctl');
  });

  it('is passed on an unknown kind without a look at its content', async () => {
    const text = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nanything: [1, {a: b}]\n';
    expect((await verdictOf(text)).verdict).toBe('unknown');
  });

  it('is given to each item of a list, and a key written twice refuses the item that has it', async () => {
    const verdicts = await verdictsOf(`apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "1"}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: "1", x: "2"}}
`);
    expect(verdicts.map(({ resource, verdict }) => `${resource} ${verdict}`)).toEqual([
      'ConfigMap default/a valid',
      'ConfigMap default/b invalid',
    ]);
  });
});

describe('the rules of Gateway API definitions', () => {
  const route = (rule: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  rules:
  - ${rule}
`;

  it.each([
    ['a path that begins with a slash', '{matches: [{path: {type: PathPrefix, value: /a}}]}', 'valid'],
    ['a path without one', '{matches: [{path: {type: PathPrefix, value: a}}]}', 'invalid'],
    ['a filter that lacks what its type names', '{filters: [{type: RequestMirror}]}', 'invalid'],
    [
      'a redirect beside backends',
      '{backendRefs: [{name: a, port: 80}], filters: [{type: RequestRedirect, requestRedirect: {statusCode: 301}}]}',
      'invalid',
    ],
    ['timeouts in the right order', '{timeouts: {request: 2s, backendRequest: 1s}}', 'valid'],
    ['a backend timeout above the whole', '{timeouts: {request: 1s, backendRequest: 2s}}', 'invalid'],
  ])('judge %s', async (_what, rule, verdict) => {
    expect((await verdictOf(route(rule))).verdict).toBe(verdict);
  });

  it('know the formats of labels and namespaces', async () => {
    const listener = (name: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec:
  gatewayClassName: istio
  listeners: [{name: a, port: 80, protocol: HTTP}, {name: ${name}, port: 81, protocol: HTTP}]
`;
    expect((await verdictOf(listener('b'))).verdict).toBe('valid');
    expect((await verdictOf(listener('a'))).verdict).toBe('invalid');
  });
});
