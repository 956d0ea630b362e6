import { describe, expect, it } from 'vitest';
import { readAccessLog, readCurl, readHar } from '../../src/cli/explain/request-line.ts';
import { createWorkspace } from '../support/workspace.ts';
import { BOOKSHOP } from '../traffic/bookshop.ts';

const ROUTES = `${BOOKSHOP}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - name: jason
    match: [{headers: {end-user: {exact: jason}}}]
    rewrite: {uri: /new}
    route: [{destination: {host: reviews, subset: v2}}]
  - name: others
    fault: {abort: {httpStatus: 418, percentage: {value: 25}}}
    route: [{destination: {host: reviews, subset: v1}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers}
spec:
  selector: {matchLabels: {version: v1}}
  action: DENY
  rules: [{to: [{operation: {methods: [DELETE]}}]}]
`;

const explained = async (line: string) => {
  const { stdout, stderr, code } = await createWorkspace({ 'mesh.yaml': ROUTES }).run(`explain ${line} -f mesh.yaml`);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
};

describe('heddle explain METHOD URL', () => {
  it('tells the route with its line, what failed before it, and chance as probability', async () => {
    const { result, steps, flips } = JSON.parse(await explained('GET http://reviews/a --from client -o json'));
    expect(result).toMatchObject({
      status: 200,
      flags: '-',
      cluster: 'outbound|80|v1|reviews.default.svc.cluster.local',
      host: 'reviews',
      path: '/a',
    });
    expect(result.workloads).toEqual([{ name: 'reviews-v1', version: 'v1', share: 0.75 }]);
    expect(
      result.outcomes.map(({ probability, status }: { probability: number; status: number }) => [probability, status]),
    ).toEqual([
      [0.75, 200],
      [0.25, 418],
    ]);
    const route = steps.find(({ stage }: { stage: string }) => stage === 'route');
    expect(route).toMatchObject({
      decision: 'others: every request',
      source: expect.stringMatching(/^mesh\.yaml:\d+$/),
    });
    expect(route.tried).toMatchObject([
      { rule: 'jason', failed: 'header end-user exact "jason": the request has none' },
    ]);
    expect(flips).toContainEqual(
      expect.objectContaining({
        change: 'add header end-user: jason',
        result: expect.objectContaining({ path: '/newa' }),
      }),
    );
    expect(flips).toContainEqual(expect.objectContaining({ change: 'method DELETE' }));
  });

  it('names the policy that denied', async () => {
    const text = await explained('DELETE http://reviews/ --from default/client --denied');
    expect(text).toMatch(/denied by AuthorizationPolicy default\/readers mesh\.yaml:\d+/);
  });

  it('draws the way as a flow chart', async () => {
    expect(await explained('GET http://reviews/ --from client -o mermaid')).toMatch(
      /^flowchart TD\n {2}request\(\["GET reviews\/"\]\)/,
    );
  });

  it('refuses an unknown host and workload with what was meant', async () => {
    const workspace = createWorkspace({ 'mesh.yaml': ROUTES });
    const host = await workspace.run('explain GET http://reviewz/ --from client -f mesh.yaml');
    expect(host).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean reviews?') });
    const from = await workspace.run('explain GET http://reviews/ --from clint -f mesh.yaml');
    expect(from).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean client?') });
  });

  it('explains response flags', async () => {
    const { stdout } = await createWorkspace().run('explain flag uf,URX -o json');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'FlagPage', items: [{ flag: 'UF' }, { flag: 'URX' }] });
    expect(await createWorkspace().run('explain flag UX')).toMatchObject({ code: 64 });
  });
});

describe('requests as people have them at hand', () => {
  it('are read from a curl command that is never run', () => {
    expect(readCurl(`curl -sS -XPUT \\\n  -H 'x-team: $(id)' --data-raw "a b" 'http://reviews/a?b=c d'`)).toEqual({
      method: 'PUT',
      url: 'http://reviews/a?b=c d',
      headers: [['x-team', '$(id)']],
    });
    expect(readCurl('curl -d x=1 http://reviews/').method).toBe('POST');
    expect(() => readCurl("curl 'http://reviews/")).toThrow('without its other half');
    expect(() => readCurl('rm -rf /')).toThrow('does not begin with curl');
  });

  it('are read from an entry of a HAR file', () => {
    const har = JSON.stringify({
      log: {
        entries: [
          {
            request: {
              method: 'GET',
              url: 'http://a/b',
              headers: [
                { name: 'X-A', value: '1' },
                { name: ':path', value: '/b' },
              ],
            },
          },
        ],
      },
    });
    expect(readHar(har, 0)).toEqual({ method: 'GET', url: 'http://a/b', headers: [['x-a', '1']] });
    expect(() => readHar(har, 1)).toThrow('has no entry 1');
  });

  it('are read from a line of an access log', () => {
    const line =
      '[2026-11-24T00:00:00.000Z] "GET /a?b HTTP/1.1" 503 UF,URX upstream_reset - "-" 0 91 3 - "-" "curl/8" "id-1" "reviews:80" "10.0.0.1:80" outbound|80||reviews.default.svc.cluster.local - 10.1.1.1:80 10.1.1.2:5 - default';
    expect(readAccessLog(line)).toEqual({
      method: 'GET',
      url: 'http://reviews:80/a?b',
      headers: [['user-agent', 'curl/8']],
    });
    expect(readAccessLog('{"method":"GET","path":"/a","authority":"reviews","user_agent":"-"}')).toEqual({
      method: 'GET',
      url: 'http://reviews/a',
      headers: [],
    });
    expect(() => readAccessLog('GET /')).toThrow('access log');
  });
});

describe('heddle explain --from-ip', () => {
  const files = {
    'mesh.yaml': `${BOOKSHOP}apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: office}
spec:
  rules: [{from: [{source: {ipBlocks: [203.0.113.0/24]}}]}]
`,
  };
  const explain = (flags: string) =>
    createWorkspace(files).run(`explain GET http://reviews/ ${flags} -f mesh.yaml -o json`);

  it.each([
    ['--from outside --from-ip 203.0.113.7', 200],
    ['--from outside --from-ip 198.51.100.7', 403],
    ['--from outside', 403],
  ])('%s is answered with %d where a policy asks for the address', async (flags, status) => {
    expect(JSON.parse((await explain(flags)).stdout).result.status).toBe(status);
  });

  it.each(['--from client --from-ip 203.0.113.7', '--from outside --from-ip office'])(
    '%s is refused',
    async (flags) => {
      expect((await explain(flags)).code).toBe(64);
    },
  );
});
