import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { Peer } from '../../src/telemetry/peer.ts';
import { type CliOptions, runCli } from '../support/cli.ts';
import { type FakeMesh, startFakeMesh } from '../support/fake-mesh.ts';

let mesh: FakeMesh;
beforeEach(async () => {
  mesh = await startFakeMesh();
});
afterEach(() => mesh.close());

const heddle = (argv: readonly string[], options: CliOptions = {}) => runCli(argv, { env: mesh.env, ...options });
const nowhere = { env: { HEDDLE_STATE_DIR: '/nonexistent/heddle' } };

describe('without a mesh', () => {
  it.each([
    [['local', 'status']],
    [['local', 'reload']],
    [['local', 'logs']],
    [['local', 'curl', 'http://hello/']],
    [['local', 'run', '--app', 'a', '--port', '1', '--', 'true']],
  ])('heddle %s exits with 69 and says how to start one', async (argv) => {
    const { code, stdout, stderr } = await runCli(argv, nowhere);
    expect(code).toBe(69);
    expect(stdout).toBe('');
    expect(stderr).toContain('no mesh is running');
    expect(stderr).toContain('heddle local up');
  });

  it('the error is one JSON document under -o json', async () => {
    const { code, stdout } = await runCli(['local', 'status', '-o', 'json'], nowhere);
    expect(code).toBe(69);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NO_MESH' } });
  });

  it('down is content: nothing runs, which is what was asked for', async () => {
    const { code, stdout, stderr } = await runCli(['local', 'down'], nowhere);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('no mesh is running');
    expect(JSON.parse((await runCli(['local', 'down', '-o', 'json'], nowhere)).stdout)).toEqual({
      apiVersion: 'heddle/v1',
      kind: 'LocalDown',
      stopped: false,
    });
  });
});

describe('local status', () => {
  it('shows workloads, what stands in for them, and entrances', async () => {
    const { code, stdout } = await heddle(['local', 'status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^WORKLOAD +NAMESPACE +VERSION +READY +SIDECAR +APPLICATION +INBOUND$/m);
    expect(stdout).toMatch(
      /^hello-service +example-namespace +- +1\/1 +injected +http-echo stand-in for hashicorp\/http-echo +127\.16\.1\.1:5678$/m,
    );
    expect(stdout).toMatch(/^Service hello-service +example-namespace +80 +http:\/\/hello-service\.example-namespace/m);
    expect(stdout).toContain(`admin: ${mesh.server.url}`);
  });

  it('prints the promised document under -o json, and the same as YAML', async () => {
    const json = JSON.parse((await heddle(['local', 'status', '-o', 'json'])).stdout);
    expect(json).toMatchObject({
      apiVersion: 'heddle/v1',
      kind: 'LocalStatus',
      items: [{ kind: 'Workload', name: 'hello-service', sidecar: { injected: true }, inbound: ['127.16.1.1:5678'] }],
      services: [{ name: 'hello-service', ports: [{ port: 80 }] }],
      gateways: [],
      admin: { url: mesh.server.url },
    });
    expect((await heddle(['local', 'status', '-o', 'yaml'])).stdout).toMatch(
      /^apiVersion: heddle\/v1\nkind: LocalStatus\n/,
    );
  });
});

describe('local reload', () => {
  it('tells what changed', async () => {
    const { code, stdout } = await heddle(['local', 'reload']);
    expect([code, stdout]).toEqual([0, 'configuration 2 in force\n  Service default/a added\n']);
    expect(mesh.control.calls).toEqual(['reload']);
  });

  it('exits with 65 when the input is not valid, with the line', async () => {
    mesh.control.isReloadValid = false;
    const { code, stderr } = await heddle(['local', 'reload']);
    expect(code).toBe(65);
    expect(stderr).toContain('error[YAML_SYNTAX] a mapping is not closed\n  at a.yaml:3:5\n');
    const json = await heddle(['local', 'reload', '-o', 'json']);
    expect(json.code).toBe(65);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'LocalReload', applied: false });
  });
});

describe('local logs', () => {
  beforeEach(() => {
    mesh.control.lines = [
      { proxy: 'a-0.default', text: 'first' },
      { proxy: 'b-0.default', text: 'second' },
      { proxy: 'b-0.default', text: 'third' },
    ];
  });

  it('puts the proxy in front of each line, unless a workload was named', async () => {
    expect((await heddle(['local', 'logs', '--tail', '2'])).stdout).toBe('b-0.default second\nb-0.default third\n');
    expect((await heddle(['local', 'logs', 'b'])).stdout).toBe('second\nthird\n');
    expect((await heddle(['local', 'logs', '--tail=0'])).stdout).toBe('');
  });

  it('prints one object per line as ndjson, and one document as json', async () => {
    const lines = (await heddle(['local', 'logs', '-o', 'ndjson'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(mesh.control.lines);
    expect(JSON.parse((await heddle(['local', 'logs', '-o', 'json'])).stdout)).toMatchObject({
      kind: 'LogLines',
      items: mesh.control.lines,
    });
  });

  it('follows until it is interrupted', async () => {
    const controller = new AbortController();
    const following = heddle(['local', 'logs', '-f'], { signal: controller.signal, env: mesh.env });
    setTimeout(() => controller.abort(), 100);
    expect((await following).stdout.split('\n')).toHaveLength(4);
  });
});

describe('local down', () => {
  it('asks the mesh to stop and waits until its claim is gone', async () => {
    const { code, stdout } = await heddle(['local', 'down']);
    expect([code, stdout]).toEqual([0, `mesh of process ${process.pid} ended\n`]);
    expect(mesh.control.calls).toEqual(['stop']);
  });

  it('exits with 75 when the mesh does not end', async () => {
    mesh.control.onStop = () => undefined;
    const { code, stderr } = await heddle(['local', 'down', '--timeout', '100ms']);
    expect(code).toBe(75);
    expect(stderr).toContain(`kill -9 ${process.pid}`);
  });
});

const nobody: Peer = {
  workload: 'unknown',
  namespace: 'unknown',
  app: 'unknown',
  version: 'unknown',
  canonicalService: 'unknown',
  canonicalRevision: 'unknown',
  serviceAccount: 'unknown',
  cluster: 'Kubernetes',
};
const clientRecord: AccessRecord = {
  proxy: 'client-0.heddle-system',
  reporter: 'source',
  startMs: 1,
  durationMs: 4,
  protocol: 'HTTP/1.1',
  method: 'GET',
  path: '/',
  authority: 'hello-service.example-namespace',
  responseCode: 200,
  flags: '-',
  details: 'via_upstream',
  connectionTerminationDetails: '',
  upstreamFailure: '',
  bytesReceived: 0,
  bytesSent: 5,
  upstreamServiceTime: '3',
  forwardedFor: '',
  userAgent: 'heddle',
  requestId: 'id',
  upstreamHost: '10.16.1.1:5678',
  upstreamCluster: 'outbound|80||hello-service.example-namespace.svc.cluster.local',
  upstreamLocalAddress: '',
  downstreamLocalAddress: '',
  downstreamRemoteAddress: '',
  requestedServerName: '',
  routeName: 'canary',
  attempts: 2,
  routeOrigin: 'vs.yaml:12',
  tlsVersion: '',
  localPrincipal: 'spiffe://cluster.local/ns/heddle-system/sa/client',
  peerPrincipal: '',
  upstreamPrincipal: 'spiffe://cluster.local/ns/example-namespace/sa/default',
  source: nobody,
  destination: nobody,
  destinationService: '',
  destinationServiceName: '',
  destinationServiceNamespace: '',
  requestProtocol: 'http',
};
const serverRecord: AccessRecord = {
  ...clientRecord,
  proxy: 'hello-service-0.example-namespace',
  reporter: 'destination',
  upstreamHost: '127.0.0.1:5678',
  upstreamCluster: 'inbound|5678||',
  routeName: 'default',
  attempts: 1,
  routeOrigin: '',
  tlsVersion: 'TLSv1.3',
  localPrincipal: 'spiffe://cluster.local/ns/example-namespace/sa/default',
  peerPrincipal: 'spiffe://cluster.local/ns/heddle-system/sa/client',
  upstreamPrincipal: '',
};

describe('local curl', () => {
  let sidecar: Server;
  let seen: { readonly request: IncomingMessage; readonly body: string }[];
  beforeEach(async () => {
    seen = [];
    sidecar = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ request, body });
      if (request.url?.endsWith('/cut')) {
        response.writeHead(200, { 'content-length': '10' });
        response.write('half', () => request.socket.destroy());
      } else if (request.url?.endsWith('/silent')) return;
      else {
        response.writeHead(request.url?.endsWith('/missing') ? 404 : 200, { 'X-Served-By': 'fake' });
        response.end('Hello\n');
      }
    });
    await new Promise<void>((resolve) => sidecar.listen(0, '127.0.0.1', resolve));
    const address = sidecar.address();
    mesh.control.proxy = {
      host: '127.0.0.1',
      port: typeof address === 'object' && address !== null ? address.port : 0,
    };
  });
  afterEach(() => {
    sidecar.closeAllConnections();
    sidecar.close();
  });

  it('prints the body as it came and sends what curl would, to the sidecar', async () => {
    const { code, stdout, stderr } = await heddle(['local', 'curl', 'http://hello.default/a?b=c']);
    expect([code, stdout, stderr]).toEqual([0, 'Hello\n', '']);
    expect(seen[0]?.request).toMatchObject({ method: 'GET', url: 'http://hello.default/a?b=c' });
    expect(seen[0]?.request.headers).toMatchObject({ host: 'hello.default', accept: '*/*' });
  });

  it('takes a URL without a scheme, as curl does', async () => {
    await heddle(['local', 'curl', 'hello:9080']);
    expect(seen[0]?.request.url).toBe('http://hello:9080/');
  });

  it("sends method, headers and body as asked, and the answer's head with -i", async () => {
    const { stdout } = await heddle([
      ...['local', 'curl', '-X', 'PUT', '-H', 'End-User: jason', '-H', 'Host: other', '-H', 'Accept:'],
      ...['-d', 'a=1', '-d', 'b=2', '-i', 'http://hello/'],
    ]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\nX-Served-By: fake\r\n[\s\S]*\r\n\r\nHello\n$/);
    const [sent] = seen;
    expect(sent?.request.method).toBe('PUT');
    expect(sent?.request.headers).toMatchObject({
      'end-user': 'jason',
      host: 'other',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '7',
    });
    expect(sent?.request.headers).not.toHaveProperty('accept');
    expect(sent?.body).toBe('a=1&b=2');
  });

  it('reads a body from standard input and from a file', async () => {
    await heddle(['local', 'curl', '-d', '@-', 'http://hello/'], { env: mesh.env, stdin: 'from stdin' });
    await heddle(['local', 'curl', '-d', '@package.json', 'http://hello/']);
    expect(seen[0]).toMatchObject({ request: { method: 'POST' }, body: 'from stdin' });
    expect(seen[1]?.body).toBe(await readFile('package.json', 'utf8'));
  });

  it('answers 0 whatever the status, and 1 for 400 and above with --fail', async () => {
    expect((await heddle(['local', 'curl', 'http://hello/missing'])).code).toBe(0);
    expect((await heddle(['local', 'curl', '--fail', 'http://hello/missing'])).code).toBe(1);
    expect((await heddle(['local', 'curl', '--fail', 'http://hello/'])).code).toBe(0);
  });

  it('prints status, headers and body as one document under -o json', async () => {
    const { stdout } = await heddle(['local', 'curl', '-o', 'json', 'http://hello/missing']);
    const json = JSON.parse(stdout);
    expect(json).toMatchObject({ apiVersion: 'heddle/v1', kind: 'Response', status: 404, body: 'Hello\n' });
    expect(json.headers).toContainEqual(['X-Served-By', 'fake']);
  });

  it.each([['--explain'], ['-v']])(
    'shows both sidecars, both identities and the deciding line with %s',
    async (flag) => {
      mesh.control.records = [serverRecord, clientRecord];
      const { stdout, stderr } = await heddle(['local', 'curl', flag, 'http://hello/']);
      expect(stdout).toBe('Hello\n');
      expect(stderr).toMatch(
        new RegExp(
          [
            'client sidecar {2}client-0\\.heddle-system\n',
            'decided by +route canary, vs\\.yaml:12\n',
            'cluster +outbound\\|80\\|\\|hello-service',
            'answered +200 in 4 ms, 2 attempts\n',
            'mutual TLSv1\\.3\n',
            'client +spiffe://cluster\\.local/ns/heddle-system/sa/client\n',
            'server +spiffe://cluster\\.local/ns/example-namespace/sa/default\n',
            'server sidecar {2}hello-service-0\\.example-namespace\n',
            "decided by +route default, Istio's default\n",
            'application\n',
            'address +127\\.0\\.0\\.1:5678\n',
          ].join('[\\s\\S]*'),
        ),
      );
    },
  );

  it('decodes the flags of a request that reached nobody', async () => {
    mesh.control.records = [
      {
        ...clientRecord,
        responseCode: 503,
        flags: 'UH',
        details: 'no_healthy_upstream',
        upstreamHost: '',
        upstreamPrincipal: '',
      },
    ];
    const { stderr } = await heddle(['local', 'curl', '--explain', 'http://hello/']);
    expect(stderr).toMatch(/flags +UH\n.+ the cluster has no endpoint/);
    expect(stderr).toMatch(/because +no_healthy_upstream/);
    expect(stderr).toMatch(/endpoint +none/);
    expect(stderr).not.toContain('server sidecar');
  });

  it('hands over the hops under -o json --explain', async () => {
    mesh.control.records = [serverRecord, clientRecord];
    const { stdout } = await heddle(['local', 'curl', '--explain', '-o', 'json', 'http://hello/']);
    expect(JSON.parse(stdout).hops.map(({ reporter }: AccessRecord) => reporter)).toEqual(['source', 'destination']);
  });

  it.each([
    ['a URL it cannot send to', ['ftp://hello/'], 64],
    ['something that is no URL', ['http://'], 64],
    ['something that is no header', ['-H', 'no colon', 'http://hello/'], 64],
    ['a header that smuggles another', ['-H', 'A: b\r\nC: d', 'http://hello/'], 64],
    ['a method that is none', ['-X', 'G T', 'http://hello/'], 64],
    ['a workload there is none of', ['--from', 'nobody', 'http://hello/'], 64],
    ['a file that is not there', ['-d', '@nowhere', 'http://hello/'], 74],
    ['an answer that is cut off', ['http://hello/cut'], 69],
    ['no answer in time', ['--timeout', '100ms', 'http://hello/silent'], 75],
  ])('refuses %s', async (_name, argv, expected) => {
    const { code, stderr } = await heddle(['local', 'curl', ...argv]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(/^Error: [a-z"@/]/);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('says that the sidecar is not there when it is not', async () => {
    mesh.control.proxy = { host: '127.0.0.1', port: 1 };
    const { code, stderr } = await heddle(['local', 'curl', 'http://hello/']);
    expect(code).toBe(69);
    expect(stderr).toContain('cannot reach 127.0.0.1:1');
  });
});

describe('local run', () => {
  it('binds while the program listens, gives it the proxy, and unbinds', async () => {
    const script = `
      const server = require('node:net').createServer((socket) => socket.destroy());
      server.listen(0, '127.0.0.1');`;
    // The program of this test listens nowhere itself: the admin server's own port is already open.
    const port = String(mesh.server.port);
    const { code, stderr } = await heddle([
      ...['local', 'run', '--app', 'reviews', '--port', port, '--', process.execPath, '-e'],
      `${script} setTimeout(() => process.exit(process.env.HTTP_PROXY === 'http://127.0.0.1:9' ? 7 : 1), 300)`,
    ]);
    expect(code).toBe(7);
    expect(mesh.control.calls).toEqual([`bind reviews ${port}`, 'unbind b1']);
    expect(stderr).toContain(
      `reviews.default is now 127.0.0.1:${port}, as spiffe://cluster.local/ns/default/sa/reviews`,
    );
  });

  it('never binds a program that ends before it listens', async () => {
    const { code } = await heddle([
      'local',
      'run',
      '--app',
      'a',
      '--port',
      '1',
      process.execPath,
      '-e',
      'process.exit(3)',
    ]);
    expect([code, mesh.control.calls]).toEqual([3, []]);
  });

  it('hands flags behind the program to the program', async () => {
    const argv = [
      'local',
      'run',
      '--app',
      'a',
      '--port',
      '1',
      process.execPath,
      '-e',
      'process.exit(process.argv.length)',
    ];
    expect((await heddle([...argv, '--', '-h', '--port'])).code).toBe(3);
  });

  it.each([
    [['--port', '1', '--', 'true'], 64, '--app'],
    [['--app', 'a', '--', 'true'], 64, '--port'],
    [['--app', 'a', '--port', '70000', '--', 'true'], 64, 'a whole number from 1 to 65535'],
    [['--app', 'a', '--port', '1'], 64, 'COMMAND'],
    [['--app', 'nobody', '--port', '1', '--', 'true'], 64, 'no workload'],
    [['--app', 'a', '--port', '1', '--', 'no-such-program-anywhere'], 1, 'there is no program'],
  ])('refuses %o', async (argv, expected, word) => {
    const { code, stderr } = await heddle(['local', 'run', ...argv]);
    expect(code).toBe(expected);
    expect(stderr).toContain(word);
  });
});

describe('local up', () => {
  it.each([
    [[], 'there is nothing to run', '--sample hello'],
    [['--sample', 'nope'], 'there is no sample "nope"', 'hello'],
    [['--sample', 'helo'], 'there is no sample "helo"', 'did you mean hello?'],
    [['--sample', 'hello', 'file.yaml'], 'exclude each other', '--sample'],
    [['-d', '--exec', 'true', 'file.yaml'], 'exclude each other', '--exec'],
    [['--gateway-port', 'x', 'file.yaml'], 'a whole number from 0 to 65535', '--gateway-port'],
    [['--timeout', '5', 'file.yaml'], 'a duration such as 500ms', '--timeout'],
  ])('refuses %o with 64', async (argv, message, word) => {
    const { code, stderr } = await heddle(['local', 'up', ...argv]);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
    expect(stderr).toContain(word);
  });

  it('refuses a second mesh of the same state directory, naming the process', async () => {
    const { code, stderr } = await heddle(['local', 'up', '-d', '--sample', 'hello']);
    expect(code).toBe(1);
    expect(stderr).toContain(`(process ${process.pid})`);
    expect(stderr).toContain('heddle local down');
  });
});
