import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/problem.ts';
import { authorize, type ConnectionFacts, describeDenial, type RequestFacts } from '../../src/traffic/authorize.ts';
import type { Authorization } from '../../src/traffic/tables.ts';
import { compileText } from './compile-text.ts';

const WORKLOADS = `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: secure, namespace: default, labels: {app: secure}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: open, namespace: default, labels: {app: open}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
`;

const WORKLOADS_LINES = WORKLOADS.split('\n').length - 1;

interface Compiled {
  readonly authorization: Authorization | undefined;
  readonly ofOther: Authorization | undefined;
  readonly problems: readonly Problem[];
}

const compile = async (policies: string): Promise<Compiled> => {
  const { proxies, problems } = await compileText(WORKLOADS + policies);
  return {
    authorization: proxies.get('default/secure')?.authorization,
    ofOther: proxies.get('default/open')?.authorization,
    problems,
  };
};

/** A policy of namespace default for the workload; `spec` is in YAML's flow style. */
const policy = (name: string, spec: string, metadata = ''): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}${metadata}}
spec: {selector: {matchLabels: {app: secure}}, ${spec}}
---
`;

const client: ConnectionFacts = {
  address: '10.44.1.2',
  port: 8080,
  remoteAddress: '10.44.1.1',
  tls: {
    serverName: 'outbound_.80_._.secure.default.svc.cluster.local',
    peerPrincipal: 'spiffe://cluster.local/ns/default/sa/client',
  },
};
const plaintext: ConnectionFacts = { ...client, tls: undefined };

const get = (path: string, changes: Partial<RequestFacts> & { readonly headers?: Record<string, string[]> } = {}) => ({
  method: 'GET',
  path,
  authority: 'secure.default',
  scheme: 'http',
  remoteAddress: '10.44.1.1',
  headerValues: (name: string) => changes.headers?.[name] ?? [],
  ...changes,
});

/** Whether an ALLOW policy with this one rule lets a request through. */
const allows = async (rule: string, request = get('/'), connection = client): Promise<boolean> => {
  const { authorization, problems } = await compile(policy('p', `rules: [${rule}]`));
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return authorize(authorization?.http, connection, request).kind === 'allow';
};

describe('a proxy without policies', () => {
  it('allows everything with the same answer each time', async () => {
    const { authorization } = await compile('');
    expect(authorization).toBeUndefined();
    const first = authorize(undefined, client, get('/'));
    expect(first.kind).toBe('allow');
    expect(authorize(undefined, plaintext, undefined)).toBe(first);
  });
});

describe('policies together', () => {
  const both = `${policy('a-allow', 'rules: [{}]')}${policy('b-deny', 'action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}]}]')}`;

  it('deny before they allow, and name the rule and its line', async () => {
    const { authorization } = await compile(both);
    expect(authorize(authorization?.http, client, get('/')).kind).toBe('allow');
    const decision = authorize(authorization?.http, client, get('/admin/users?q=/'));
    expect(decision).toMatchObject({ kind: 'deny', policy: 'ns[default]-policy[b-deny]-rule[0]' });
    if (decision.kind !== 'deny') throw new Error('allowed');
    expect(describeDenial(decision)).toBe(`AuthorizationPolicy default/b-deny mesh.yaml:${WORKLOADS_LINES + 11}`);
  });

  it('deny what no ALLOW policy matches, and name those there are', async () => {
    const { authorization } = await compile(policy('nothing', ''));
    const decision = authorize(authorization?.http, client, get('/'));
    expect(decision).toMatchObject({ kind: 'deny', by: 'no ALLOW policy matched', policy: 'none' });
    if (decision.kind !== 'deny') throw new Error('allowed');
    expect(describeDenial(decision)).toContain('(AuthorizationPolicy default/nothing mesh.yaml:');
  });

  it('apply to the workloads they select, in their namespace or, from the root namespace, everywhere', async () => {
    const { authorization, ofOther } = await compile(both);
    expect(authorization).toBeDefined();
    expect(ofOther).toBeUndefined();
    const root = await compile(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: istio-system}
spec: {}
`);
    expect(authorize(root.ofOther?.http, client, get('/')).kind).toBe('deny');
    const elsewhere = await compile(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: elsewhere}
spec: {}
`);
    expect(elsewhere.ofOther).toBeUndefined();
  });

  it('change nothing as AUDIT, as a dry run, or with a Service for their target', async () => {
    const { authorization } = await compile(
      policy('audit', 'action: AUDIT, rules: [{}]') +
        policy('dry', 'action: DENY, rules: [{}]', ', annotations: {istio.io/dry-run: "true"}'),
    );
    expect(authorization).toBeUndefined();
    const target = await compile(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: target}
spec: {action: DENY, targetRefs: [{kind: Service, group: '', name: secure}], rules: [{}]}
`);
    expect(target.authorization).toBeUndefined();
    expect(target.problems.map(({ code }) => code)).toEqual(['TARGET_WITHOUT_EFFECT']);
  });

  it('deny what CUSTOM rules of an unknown provider match, before all else', async () => {
    const { authorization, problems } = await compile(
      policy('custom', 'action: CUSTOM, provider: {name: nope}, rules: [{to: [{operation: {paths: [/admin]}}]}]'),
    );
    expect(problems.map(({ code }) => code)).toEqual(['PROVIDER_NOT_FOUND']);
    expect(authorize(authorization?.http, client, get('/x')).kind).toBe('allow');
    expect(authorize(authorization?.http, client, get('/admin'))).toMatchObject({
      kind: 'deny',
      policy: 'istio-ext-authz-nope-ns[default]-policy[custom]-rule[0]-deny-due-to-bad-CUSTOM-action',
    });
  });
});

describe('a source', () => {
  it.each([
    ['principals: [cluster.local/ns/default/sa/client]', true],
    ['principals: ["*/sa/client"]', true],
    ['principals: [cluster.local/ns/def*]', true],
    ['principals: [cluster.local/ns/default/sa/other]', false],
    ['principals: ["*"]', true],
    ['notPrincipals: ["*"]', false],
    ['namespaces: [default]', true],
    ['namespaces: [def]', false],
    ['namespaces: ["d*t"]', true],
    ['namespaces: ["*x*"]', false],
    ['notNamespaces: [other]', true],
    ['serviceAccounts: [client]', true],
    ['serviceAccounts: [other/client]', false],
    ['notServiceAccounts: [default/client]', false],
    ['trustDomains: [cluster.local]', true],
    ['notTrustDomains: ["cluster.*"]', false],
    ['ipBlocks: [10.44.1.0/24]', true],
    ['ipBlocks: [10.44.1.9]', false],
    ['notIpBlocks: [10.44.1.1]', false],
    ['remoteIpBlocks: [10.44.1.1]', true],
    ['namespaces: [default], ipBlocks: [10.45.0.0/16]', false],
    ['requestPrincipals: ["*"]', false],
    ['notRequestPrincipals: ["*"]', true],
  ])('{%s} of the client: %s', async (source, isAllowed) => {
    expect(await allows(`{from: [{source: {${source}}}]}`)).toBe(isAllowed);
  });

  it.each([
    ['principals: ["*"]', false],
    ['notPrincipals: [cluster.local/ns/default/sa/client]', true],
    ['namespaces: ["*"]', false],
    ['notNamespaces: [default]', true],
  ])('{%s} of a client without identity: %s', async (source, isAllowed) => {
    expect(await allows(`{from: [{source: {${source}}}]}`, get('/'), plaintext)).toBe(isAllowed);
  });

  it('of cluster.local is meant in the trust domain of the mesh and its aliases', async () => {
    const { authorization } = await compile(`
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "trustDomain: new.example\\ntrustDomainAliases: [old.example]\\n"}
---
${policy('p', 'rules: [{from: [{source: {principals: [cluster.local/ns/default/sa/client]}}]}]')}`);
    const kindFor = (domain: string): string =>
      authorize(
        authorization?.http,
        { ...client, tls: { serverName: '', peerPrincipal: `spiffe://${domain}/ns/default/sa/client` } },
        get('/'),
      ).kind;
    expect([kindFor('new.example'), kindFor('old.example'), kindFor('cluster.local')]).toEqual([
      'allow',
      'allow',
      'deny',
    ]);
  });
});

describe('an operation', () => {
  it.each([
    ['paths: [/a]', '/a?x=1', true],
    ['paths: [/a]', '/a/', false],
    ['paths: [/a*]', '/abc', true],
    ['paths: ["*.js"]', '/x.js?y=z', true],
    ['paths: ["*"]', '/', true],
    ['paths: [/a*], notPaths: [/a/b*]', '/a/bc', false],
    ['paths: ["/foo/{*}"]', '/foo/x', true],
    ['paths: ["/foo/{*}"]', '/foo/', false],
    ['paths: ["/foo/{*}"]', '/foo/x/y', false],
    ['paths: ["/foo/{*}"]', '/foo/x%2Fy', true],
    ['paths: ["/bar/{**}"]', '/bar/', true],
    ['paths: ["/bar/{**}"]', '/bar', false],
    ['paths: ["/q/{**}/end"]', '/q/a/b/end', true],
    ['paths: ["/q/{**}/end"]', '/q/end', false],
    ['paths: ["/a.b/{*}"]', '/axb/c', false],
    ['methods: [POST]', '/', false],
    ['notMethods: [POST]', '/', true],
    ['methods: ["G*"]', '/', true],
    ['ports: ["8080"]', '/', true],
    ['ports: ["80"]', '/', false],
    ['notPorts: ["8080"]', '/', false],
    ['hosts: [SECURE.default]', '/', true],
    ['hosts: ["*.DEFAULT"]', '/', true],
    ['hosts: ["secure.default:*"]', '/', false],
    ['notHosts: ["secure*"]', '/', false],
  ])('{%s} for %s: %s', async (operation, path, isAllowed) => {
    expect(await allows(`{to: [{operation: {${operation}}}]}`, get(path))).toBe(isAllowed);
  });

  it('knows a host with its port as another one', async () => {
    const request = get('/', { authority: 'Secure.default:80' });
    expect(await allows('{to: [{operation: {hosts: [secure.default]}}]}', request)).toBe(false);
    expect(await allows('{to: [{operation: {hosts: ["secure.default:*"]}}]}', request)).toBe(true);
  });
});

describe('a condition', () => {
  const request = get('/x?q=1', { headers: { 'x-env': ['dev', 'prod'], 'x-list': ['a,b'] }, remoteAddress: '1.2.3.4' });

  it.each([
    ['source.ip, values: [10.44.1.1]', true],
    ['remote.ip, values: [1.2.3.0/24]', true],
    ['remote.ip, notValues: [1.2.3.4]', false],
    ['source.namespace, values: [default]', true],
    ['source.principal, values: ["*/sa/client"]', true],
    ['source.serviceAccount, values: [default/client]', true],
    ['destination.ip, values: [10.44.1.2]', true],
    ['destination.port, values: ["8080"]', true],
    ['destination.port, notValues: ["8080"]', false],
    ['connection.sni, values: ["outbound_.80*"]', true],
    ['"request.headers[X-Env]", values: [pro*]', true],
    ['"request.headers[x-env]", notValues: [dev]', false],
    ['"request.headers[x-list]", values: [a]', false],
    ['"request.headers[x-none]", values: ["*"]', false],
    ['"request.headers[x-none]", notValues: [a]', true],
    ['"request.headers[:path]", values: ["*q=1"]', true],
    ['"request.headers[:method]", values: [GET]', true],
    ['"request.headers[host]", values: [secure.default]', true],
    ['"request.auth.claims[iss]", values: ["*"]', false],
    ['"request.auth.claims[iss]", notValues: [x]', true],
    ['request.auth.principal, values: ["*"]', false],
    ['"experimental.envoy.filters.a.b[c]", values: [d]', false],
  ])('on %s: %s', async (condition, isMet) => {
    expect(await allows(`{when: [{key: ${condition}}]}`, request)).toBe(isMet);
  });

  it('narrows every source and operation of its rule, of which one each is enough', async () => {
    const rule = `{
      from: [{source: {namespaces: [other]}}, {source: {namespaces: [default]}}],
      to: [{operation: {methods: [POST]}}, {operation: {paths: [/x]}}],
      when: [{key: "request.headers[x-env]", values: [prod]}]}`;
    expect(await allows(rule, request)).toBe(true);
    expect(await allows(rule, get('/x'))).toBe(false);
    expect(await allows(rule, { ...request, path: '/y' })).toBe(false);
  });
});

describe('a connection without HTTP', () => {
  const decide = async (spec: string, port = 9090): Promise<string> => {
    const { authorization } = await compile(policy('p', spec));
    return authorize(authorization?.tcp, { ...client, port }, undefined).kind;
  };

  it('is not allowed by a rule with a field of HTTP', async () => {
    expect(await decide('rules: [{to: [{operation: {methods: [GET]}}]}]')).toBe('deny');
    expect(await decide('rules: [{when: [{key: "request.headers[x]", notValues: [z]}]}]')).toBe('deny');
    expect(
      await decide('rules: [{to: [{operation: {methods: [GET]}}]}, {from: [{source: {namespaces: [default]}}]}]'),
    ).toBe('allow');
  });

  it('is denied by a rule without regard to its fields of HTTP', async () => {
    expect(await decide('action: DENY, rules: [{to: [{operation: {methods: [POST]}}]}]')).toBe('deny');
    expect(await decide('action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]')).toBe('deny');
    const narrow = 'action: DENY, rules: [{to: [{operation: {methods: [POST], ports: ["9090"]}}]}]';
    expect(await decide(narrow)).toBe('deny');
    expect(await decide(narrow, 9091)).toBe('allow');
  });
});

describe('a policy that admission refuses', () => {
  it.each([
    ['action: DENY', 'action DENY without rules'],
    ['action: CUSTOM, provider: {name: x}', 'action CUSTOM without rules'],
    ['action: CUSTOM, rules: [{}]', 'needs provider.name'],
    [
      'action: CUSTOM, provider: {name: x}, rules: [{from: [{source: {notNamespaces: [a]}}]}]',
      'does not go with action CUSTOM',
    ],
    ['rules: [{from: []}]', 'from needs an entry'],
    ['rules: [{from: [{source: {}}]}]', 'a source needs a field'],
    ['rules: [{to: [{operation: {}}]}]', 'an operation needs a field'],
    ['rules: [{to: [{operation: {methods: [""]}}]}]', 'an empty value'],
    ['rules: [{to: [{operation: {notPorts: ["http"]}}]}]', 'not a port'],
    ['rules: [{from: [{source: {notRemoteIpBlocks: [10.0.0.300]}}]}]', 'not an address'],
    ['rules: [{from: [{source: {serviceAccounts: ["a/*"]}}]}]', 'wildcards do not work'],
    ['rules: [{to: [{operation: {paths: ["/{**}/{*}"]}}]}]', 'must be the last wildcard'],
    ['rules: [{to: [{operation: {paths: ["/a{*}"]}}]}]', 'must be a whole segment'],
    ['rules: [{when: [{key: source.ip}]}]', 'needs values or notValues'],
    ['rules: [{when: [{key: source.workload, values: [a]}]}]', 'no attribute "source.workload"'],
    ['rules: [{when: [{key: destination.port, values: ["0"]}]}]', 'not a port'],
  ])('{%s} is left out whole', async (spec, message) => {
    const { authorization, problems } = await compile(policy('p', spec));
    expect(authorization).toBeUndefined();
    expect(problems).toMatchObject([{ severity: 'error', code: 'INVALID_OBJECT' }]);
    expect(problems[0]?.message).toContain(message);
  });
});

describe('what local mode cannot know', () => {
  it.each([
    ['rules: [{when: [{key: "experimental.envoy.filters.a[b]", values: [x]}]}]', 'no request has such metadata'],
  ])('{%s} is warned of with its effect', async (spec, effect) => {
    const { problems } = await compile(policy('p', spec));
    expect(problems).toMatchObject([{ severity: 'warning', code: 'UNSUPPORTED_FIELD' }]);
    expect(problems[0]?.message).toContain(effect);
    expect(problems[0]?.span?.line).toBe(WORKLOADS_LINES + 5);
  });

  const mesh = (provider: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "extensionProviders: [${provider}]"}
---
apiVersion: v1
kind: Service
metadata: {name: authz, namespace: default}
spec: {clusterIP: 10.96.0.9, ports: [{name: http, port: 80}]}
---
`;
  const custom = policy('p', 'action: CUSTOM, provider: {name: ext}, rules: [{}]');
  const host = 'authz.default.svc.cluster.local';

  it.each([
    ['HTTP', `{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80, statusOnError: '503', timeout: 2s}}`],
    ['gRPC', `{name: ext, envoyExtAuthzGrpc: {service: default/${host}, port: 80, statusOnError: '503', timeout: 2s}}`],
  ])(
    'is an authorizer of the mesh configuration, over %s: it is asked, and then the other policies are',
    async (_, provider) => {
      const { authorization } = await compile(mesh(provider) + custom + policy('d', 'action: DENY, rules: [{}]'));
      const asked = authorize(authorization?.http, client, get('/'));
      expect(asked).toMatchObject({
        kind: 'ask',
        authorizer: {
          name: 'ext',
          cluster: `outbound|80||${host}`,
          errorStatus: 503,
          timeoutMs: 2000,
          failOpen: false,
        },
      });
      expect(authorize(authorization?.http, client, get('/'), true)).toMatchObject({ kind: 'deny' });
      expect(authorize(authorization?.tcp, client, undefined).kind).toBe(provider.includes('Grpc') ? 'ask' : 'deny');
    },
  );

  it.each([
    ['no service', '{name: ext, envoyExtAuthzHttp: {service: other.default.svc.cluster.local, port: 80}}'],
    ['of another namespace', `{name: ext, envoyExtAuthzHttp: {service: other/${host}, port: 80}}`],
    ['a status that has no name', `{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80, statusOnError: '499'}}`],
    ['a lone star', `{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80, headersToUpstreamOnAllow: ['*']}}`],
    ['a bad prefix', `{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80, pathPrefix: check}}`],
    ['not an authorizer', '{name: ext, prometheus: {}}'],
  ])('that cannot be asked denies: %s', async (_, provider) => {
    const { authorization, problems } = await compile(mesh(provider) + custom);
    expect(authorize(authorization?.http, client, get('/'))).toMatchObject({
      kind: 'deny',
      policy: 'istio-ext-authz-ext-ns[default]-policy[p]-rule[0]-deny-due-to-bad-CUSTOM-action',
    });
    expect(problems.map(({ code }) => code)).toContain('PROVIDER_NOT_FOUND');
  });

  it('says that clearRouteCache has no effect', async () => {
    const provider = `{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80, clearRouteCache: true}}`;
    const { problems } = await compile(mesh(provider) + custom);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('clearRouteCache')]);
  });

  it('of which a workload has several denies what any of them would be asked about', async () => {
    const providers = `{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80}}, {name: two, envoyExtAuthzHttp: {service: ${host}, port: 80}}`;
    const second = policy('q', 'action: CUSTOM, provider: {name: two}, rules: [{}]');
    const { authorization, problems } = await compile(mesh(providers) + custom + second);
    expect(authorize(authorization?.http, client, get('/')).kind).toBe('deny');
    expect(problems.filter(({ code }) => code === 'SEVERAL_PROVIDERS')).toHaveLength(2);
  });

  it('in a dry run is not asked: Istio denies', async () => {
    const dry = policy(
      'p',
      'action: CUSTOM, provider: {name: ext}, rules: [{}]',
      ", annotations: {istio.io/dry-run: 'true'}",
    );
    const { authorization, problems } = await compile(
      mesh(`{name: ext, envoyExtAuthzHttp: {service: ${host}, port: 80}}`) + dry,
    );
    expect(authorize(authorization?.http, client, get('/'))).toMatchObject({
      kind: 'deny',
      policy: 'istio-ext-authz-ext-ns[default]-policy[p]-rule[0]',
    });
    expect(problems.map(({ code }) => code)).toContain('DRY_RUN_DENIES');
  });
});
