import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { testFileSchema } from '../../src/cli/test/definition.ts';
import { runCli } from '../support/cli.ts';
import { createWorkspace } from '../support/workspace.ts';

const root = join(import.meta.dirname, '../..');
const SAMPLE = join(root, 'templates/samples/bookinfo');

const sample = () => {
  const workspace = createWorkspace();
  cpSync(SAMPLE, join(workspace.directory, 'shop'), { recursive: true });
  return workspace;
};

/** The sample with one test more in a file of its own. */
const tested = async (body: string, flags = '-o json') => {
  const workspace = sample();
  workspace.write('shop/more.test.yaml', body);
  return workspace.run(`test shop/more.test.yaml ${flags}`);
};

const REVIEWS = '{host: "reviews:9080", from: {namespace: bookinfo, workload: productpage-v1}}';
const one = (expectation: string, request = REVIEWS): string =>
  `tests:\n  - name: a test\n    request: ${request}\n    expect: ${expectation}\n`;

describe('heddle test', () => {
  it('passes the sample with all of it covered', async () => {
    const { code, stdout, stderr } = await runCli(['test', 'templates/samples/bookinfo'], { cwd: root });
    expect(stdout).toBe('10 tests: 10 passed\ncoverage 100 %: 10 of 10 rules, destinations and policies\n');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('exits 80 with expected, actual and the trace of what fails', async () => {
    const { code, stdout } = await tested(one('{subset: v2}'), '-o pretty');
    expect(code).toBe(80);
    expect(stdout).toContain('✗ a test  shop/more.test.yaml:2');
    expect(stdout).toContain('subset: expected v2, actual v1, v3');
    expect(stdout).toMatch(/tried .*testers: no, .*shop\/mesh\.yaml:\d+/);
    expect(stdout).toContain('1 test: 0 passed, 1 failed');
  });

  it.each([
    ['{status: 404}', '{status: 200}'],
    ['{flags: NR}', '{flags: "-"}'],
    ['{host: ratings}', '{host: reviews}'],
    ['{host: review}', '{host: reviews.bookinfo.svc.cluster.local}'],
    ['{port: 80}', '{port: 9080}'],
    ['{cluster: x}', '{weights: {outbound|9080|v1|reviews.bookinfo.svc.cluster.local: 90, v3: 10}}'],
    ['{weights: {v1: 90}}', '{weights: {v1: 90, v3: 10, v2: 0}}'],
    ['{weights: {v1: 80, v3: 20}}', '{weights: {v1: 90, v3: 10}}'],
    ['{redirect: {code: 301}}', '{rewritePath: /}'],
    ['{rewritePath: /x}', '{rewriteHost: "reviews:9080"}'],
    ['{headers: {x-release: canary}}', '{withoutHeaders: [x-release]}'],
    ['{withoutHeaders: [x-forwarded-proto]}', '{headers: {x-forwarded-proto: http}}'],
    ['{authz: deny}', '{authz: allow}'],
    ['{policy: bookinfo/ratings-readers}', '{authz: allow}'],
    ['{timeout: 1s}', '{timeout: 0s}'],
    ['{retries: 3}', '{retries: 2}'],
    ['{mirror: {host: ratings}}', '{retries: 2}'],
    ['{fault: {delay: {duration: 1s}}}', '{fault: {delay: {percent: 0}}}'],
    ['{fault: {abort: {status: 500}}}', '{fault: {abort: {percent: 0}}}'],
  ])('%s does not hold where %s does', async (wrong, right) => {
    const failed = await tested(one(wrong));
    expect(JSON.parse(failed.stdout).tests[0].mismatches).toHaveLength(1);
    expect(failed.code).toBe(80);
    const passed = await tested(one(right));
    expect(JSON.parse(passed.stdout).summary).toEqual({ tests: 1, passed: 1, failed: 0 });
    expect(passed.code).toBe(0);
  });

  it('makes a case of every combination', async () => {
    const request =
      '{host: ["ratings:9080", "details:9080"], path: [/a, /b], method: [GET, PUT], from: {namespace: bookinfo, serviceAccount: reviews}}';
    const { stdout } = await tested(one('{authz: allow}', request));
    const { summary, tests } = JSON.parse(stdout);
    expect(summary).toEqual({ tests: 8, passed: 6, failed: 2 });
    const failed = tests.filter(({ outcome }: { outcome: string }) => outcome === 'failed');
    expect(failed.map(({ name }: { name: string }) => name)).toEqual([
      'a test [PUT ratings:9080/a]',
      'a test [PUT ratings:9080/b]',
    ]);
  });

  it('fails a test that cannot be asked, with what to do', async () => {
    const { code, stdout } = await tested(one('{status: 200}', '{host: "reviewz:9080", from: {namespace: bookinfo}}'));
    expect(code).toBe(80);
    expect(JSON.parse(stdout).tests[0].error.hint).toBe('did you mean reviews?');
  });

  it('believes tokens that the mesh would believe, and no others', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] });
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer('me').sign(privateKey);
    const workspace = sample();
    workspace.write(
      'shop/token.yaml',
      `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: tokens, namespace: bookinfo}\n` +
        `spec: {jwtRules: [{issuer: me, jwks: '${keys}'}]}\n`,
    );
    const asked = (value: string): string =>
      `{host: "reviews:9080", from: {namespace: bookinfo, workload: productpage-v1}, headers: {authorization: "Bearer ${value}"}}`;
    workspace.write('shop/good.test.yaml', one('{status: 200}', asked(token)));
    workspace.write('shop/bad.test.yaml', one('{status: 401}', asked(`${token.slice(0, -8)}AAAAAAAA`)));
    const { code, stdout } = await workspace.run('test shop/good.test.yaml shop/bad.test.yaml');
    expect(stdout).toContain('2 tests: 2 passed');
    expect(code).toBe(0);
  });

  it('fails below the coverage that is demanded, and says what is uncovered', async () => {
    const { code, stdout } = await tested(one('{status: 200}'), '-o json --fail-under 80');
    expect(code).toBe(80);
    const { coverage, summary } = JSON.parse(stdout);
    expect(summary.failed).toBe(0);
    expect(coverage).toMatchObject({ percent: 30, covered: 3, total: 10, failUnder: 80 });
    const kinds = coverage.uncovered.map(({ kind, source }: { kind: string; source: string }) => {
      expect(source).toMatch(/^shop\/mesh\.yaml:\d+$/);
      return kind;
    });
    expect(kinds).toEqual(['route', 'route', 'route', 'route', 'route', 'route', 'policy']);
    expect((await tested(one('{status: 200}'), '-o json --fail-under 30')).code).toBe(0);
    expect((await tested(`coverage: {failUnder: 31}\n${one('{status: 200}')}`)).code).toBe(80);
  });

  it.each([
    ['tests:\n  - name: a\n    requst: {host: a}\n    expect: {status: 1}\n', ':3:5', 'did you mean "request"?'],
    [one('{statuss: 200}'), ':4:14', 'did you mean "status"?'],
    [one('{timeout: soon}'), ':4:23', 'be a duration'],
    [one('{}'), ':4:13', 'at least 1 fields'],
    [one('{status: 200}', '{host: [1]}'), ':3:21', 'a string or a list of strings'],
    [one('{status: 200}', '{host: a, from: {namespace: b}, gateway: c}'), ':3:30', 'exclude each other'],
    ['tests: [\n', '', 'YAML_SYNTAX'],
  ])('%j is located', async (body, place, words) => {
    const { code, stderr } = await tested(body);
    expect(code).toBe(65);
    expect(stderr).toContain(`shop/more.test.yaml${place}`);
    expect(stderr).toContain(words);
  });

  it('speaks to CI servers', async () => {
    const junit = await tested(one('{subset: v2}'), '-o junit');
    expect(junit.stdout).toContain('<testsuite name="shop/more.test.yaml" tests="1" failures="1">');
    expect(junit.stdout).toContain('<failure message="subset: expected v2, actual v1, v3">');
    const tap = await tested(one('{subset: v2}'), '-o tap --coverage');
    expect(tap.stdout).toMatch(/^TAP version 14\n1\.\.1\nnot ok 1 - a test\n {2}---\n/);
    expect(tap.stdout).toContain('# uncovered shop/mesh.yaml:');
    const github = await tested(one('{subset: v2}'), '-o github');
    expect(github.stdout).toMatch(/^::error file=shop\/more\.test\.yaml,line=2,[^:]*title=a test::subset: expected v2/);
  });

  it('takes over files of istio-config-validator', async () => {
    const file = (subset: string, wantMatch: boolean) => `testCases:
  - description: testers
    wantMatch: ${wantMatch}
    request:
      authority: ["reviews.bookinfo:9080"]
      method: [GET, POST]
      uri: [/a]
      headers: {end-user: jason}
    route: [{destination: {host: reviews.bookinfo.svc.cluster.local, subset: ${subset}, port: {number: 9080}}}]
    redirect: {uri: /x}
`;
    const passed = await tested(file('v2', true));
    expect(passed.code).toBe(0);
    expect(JSON.parse(passed.stdout).summary.tests).toBe(2);
    expect(passed.stderr).toContain('shop/more.test.yaml:10:5');
    expect((await tested(file('v1', true))).code).toBe(80);
    expect((await tested(file('v1', false))).code).toBe(0);
    expect((await tested(file('v2', false))).code).toBe(80);
    expect((await tested('testCases:\n  - {description: a, request: {authority: [a]}}\n')).code).toBe(65);
  });

  it('takes over files of router_check_tool', async () => {
    const file = (cluster: string, more = '') => `{"tests": [{
      "test_name": "testers",
      "input": {"authority": "reviews.bookinfo:9080", "path": "/a?b", "method": "GET", "ssl": false, "random_value": 3,
        "additional_request_headers": [{"key": "end-user", "value": "jason"}]},
      "validate": {"cluster_name": "${cluster}", "path_rewrite": "/a?b", "host_rewrite": "reviews.bookinfo:9080",
        "request_header_matches": [
          {"name": "end-user", "string_match": {"exact": "jason"}},
          {"name": "x-other", "present_match": true, "invert_match": true}]${more}}}]}`;
    const v2 = 'outbound|9080|v2|reviews.bookinfo.svc.cluster.local';
    const passed = await tested(file(v2));
    expect([passed.code, passed.stderr]).toEqual([0, '']);
    expect(JSON.parse(passed.stdout).summary.tests).toBe(1);
    expect((await tested(file('outbound|9080|v1|reviews.bookinfo.svc.cluster.local'))).code).toBe(80);
    const partly = await tested(file(v2, ', "virtual_host_name": "x", "cluster_name_": ""'));
    expect(partly.code).toBe(0);
    expect(partly.stderr).toContain('"virtual_host_name" of router_check_tool is not compared');
    expect(partly.stderr).toMatch(/shop\/more\.test\.yaml:8:\d+/);
  });

  it('takes over the older list of tests of router_check_tool, and leaves out what compares nothing', async () => {
    const { code, stdout, stderr } = await tested(`- test_name: testers
  input: {":authority": "reviews.bookinfo:9080", ":path": /, ":method": POST, additional_headers: [{field: end-user, value: jason}]}
  validate: {cluster_name: "outbound|9080|v2|reviews.bookinfo.svc.cluster.local"}
- test_name: another
  input: {":authority": "reviews.bookinfo:9080", ":path": /}
  validate: {virtual_cluster_name: other}
`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).tests.map(({ name }: { readonly name: string }) => name)).toEqual(['testers']);
    expect(stderr).toContain('"virtual_cluster_name" of router_check_tool');
  });

  it('takes authorizers to allow, unless a test says that they deny', async () => {
    const workspace = sample();
    workspace.write(
      'shop/authz.yaml',
      `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "extensionProviders: [{name: ext, envoyExtAuthzGrpc: {service: details.bookinfo.svc.cluster.local, port: 9080}}]"}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ask, namespace: bookinfo}
spec: {selector: {matchLabels: {app: reviews}}, action: CUSTOM, provider: {name: ext}, rules: [{}]}
`,
    );
    const denied = REVIEWS.replace('}}', '}, authorizers: deny}');
    workspace.write('shop/more.test.yaml', `${one('{authz: allow}')}${one('{authz: deny}', denied).slice(7)}`);
    expect(await workspace.run('test shop/more.test.yaml')).toMatchObject({ code: 0 });
    const { stdout } = await workspace.run('explain GET http://reviews:9080/ --from bookinfo/productpage-v1 -f shop');
    expect(stdout).toContain('as long as provider ext allows');
    expect(stdout).toMatch(/provider ext decides \(gRPC, details.*shop\/authz\.yaml:\d+/);
  });

  describe('an invariant', () => {
    const invariant = (rest: string) =>
      tested(`invariants:\n  - name: always\n    ${rest.replaceAll('\n', '\n    ')}\n`);

    it('holds of every request of its class that the rules tell apart', async () => {
      const { code, stdout } = await invariant(
        'requests: {host: "reviews.*", from: {namespace: bookinfo}}\nexpect: {port: 9080}',
      );
      expect(code).toBe(0);
      const { tests, summary } = JSON.parse(stdout);
      expect(summary).toEqual({ tests: 1, passed: 1, failed: 0 });
      expect(tests[0].requests).toBeGreaterThan(1);
    });

    it('is broken by one request, which is shown with its trace', async () => {
      const { code, stdout } = await invariant('requests: {host: "reviews.*"}\nnever: {subset: v2}');
      expect(code).toBe(80);
      const [result] = JSON.parse(stdout).tests;
      expect(result.request.headers).toEqual([['end-user', 'jason']]);
      expect(result.steps.length).toBeGreaterThan(3);
    });

    it('looks at callers and gateways', async () => {
      const reads = 'requests: {host: "ratings.*", method: GET, from: {namespace: bookinfo, workload: details-v1}}';
      expect((await invariant(`${reads}\nnever: {authz: allow}`)).code).toBe(0);
      expect((await invariant(`${reads}\nnever: {authz: deny}`)).code).toBe(80);
      expect((await invariant('requests: {gateway: "*"}\nnever: {status: 503}')).code).toBe(0);
      const opened = await invariant('requests: {gateway: "*"}\nnever: {status: 200}');
      expect(JSON.parse(opened.stdout).tests[0].request.gateway).toMatch(/ingress/);
    });

    it('fails where no request is of its class', async () => {
      const { code, stdout } = await invariant('requests: {host: "nobody.*"}\nexpect: {status: 200}');
      expect(code).toBe(80);
      expect(JSON.parse(stdout).tests[0].mismatches[0].field).toBe('requests');
    });

    it('has either expect or never', async () => {
      expect((await invariant('requests: {host: a}')).code).toBe(65);
      expect((await invariant('requests: {host: a}\nexpect: {status: 200}\nnever: {status: 200}')).code).toBe(65);
      expect((await tested('coverage: {failUnder: 1}\n')).code).toBe(65);
    });
  });

  it('publishes the schema of its files', () => {
    expect(readFileSync(join(root, 'templates/schema/heddle-test.schema.json'), 'utf8')).toBe(testFileSchema());
  });
});
