import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const CONTROLZ = 9876;

const istiod = (name: string, revision: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'istio-system', labels: { app: 'istiod', 'istio.io/rev': revision } },
  spec: { containers: [{ name: 'discovery' }] },
  status: { phase: 'Running' },
});

const scope = (name: string, description: string, output = 'info', stackTrace = 'none', callers = false) => ({
  name,
  description,
  output_level: output,
  stack_trace_level: stackTrace,
  log_callers: callers,
});

describe('admin log', () => {
  let api: FakeApi;
  let controlz: Server;
  let scopes: Map<string, ReturnType<typeof scope>>;
  let asked: string[];
  let put: unknown[];

  beforeEach(async () => {
    asked = [];
    put = [];
    scopes = new Map(
      [
        scope('validation', 'CRD validation', 'warn'),
        scope('ads', 'ads debugging', 'debug', 'error', true),
        scope('ad hoc', 'two words'),
      ].map((each) => [each.name, each]),
    );
    controlz = createServer(async (request, response) => {
      const { method, url = '' } = request;
      asked.push(`${method} ${url}`);
      if (method !== 'PUT') {
        response.end(JSON.stringify([...scopes.values()]));
        return;
      }
      const body = JSON.parse(await text(request));
      put.push(body);
      scopes.set(decodeURIComponent(url.replace('/scopej/', '')), body);
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => controlz.listen(0, '127.0.0.1', resolve));
    api = await startFakeApi({ objects: [istiod('istiod-1', 'default'), istiod('istiod-2', 'canary')] });
    for (const name of ['istiod-1', 'istiod-2'])
      api.forward('istio-system', name, CONTROLZ, (controlz.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await api.close();
    controlz.close();
  });

  const log = (...argv: string[]) => runCli(['admin', 'log', ...argv, '--kubeconfig', api.kubeconfig]);
  const forwarded = (): readonly (string | undefined)[] =>
    api.requests.flatMap(({ path }) => /pods\/([^/]+)\/portforward/.exec(path)?.[1] ?? []);

  it('shows the scopes of one istiod, by name', async () => {
    const { code, stdout, stderr } = await runCli(['istiod', 'l', '-r', 'canary', '--kubeconfig', api.kubeconfig]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ACTIVE SCOPE', 'DESCRIPTION', 'LOG LEVEL', 'STACK TRACE LEVEL'],
      ['ad hoc', 'two words', 'info', 'none'],
      ['ads', 'ads debugging', 'debug', 'error'],
      ['validation', 'CRD validation', 'warn', 'none'],
      [''],
    ]);
    expect(asked).toEqual(['GET /scopej/']);
    expect(forwarded()).toEqual(['istiod-2']);
  });

  it('shows every istiod', async () => {
    const { stdout } = await log('-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'LogScopes',
      items: [
        { pod: 'istiod-1', scopes: [{ name: 'ad hoc' }, { name: 'ads', output_level: 'debug' }, {}] },
        { pod: 'istiod-2' },
      ],
    });
  });

  it('sets both levels of a scope at once, and keeps the rest of it', async () => {
    const { code, stdout, stderr } = await log(
      ...['istiod-1', '--level', 'ads:warn,ad hoc:error', '--stack-trace-level', 'ads:none'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(asked).toEqual(['GET /scopej/', 'PUT /scopej/ad%20hoc', 'PUT /scopej/ads', 'GET /scopej/']);
    expect(put).toContainEqual(scope('ads', 'ads debugging', 'warn', 'none', true));
    expect(stdout).toMatch(/^ads +ads debugging +warn +none$/m);
  });

  it.each([
    [['--reset'], ['info', 'none', 'info']],
    [['--log-reset'], ['info', 'error', 'info']],
    [['--stack-trace-reset'], ['debug', 'none', 'warn']],
    [
      ['--stack-trace-reset', '--level', 'validation:debug'],
      ['debug', 'none', 'debug'],
    ],
  ])('resets with %s', async (flags, [level, stackTrace, other]) => {
    await log('istiod-1', ...flags);
    expect(scopes.get('ads')).toMatchObject({ output_level: level, stack_trace_level: stackTrace });
    expect(scopes.get('validation')).toMatchObject({ output_level: other });
  });

  it.each([
    [['--level', 'ads'], 64, '--level wants SCOPE:LEVEL'],
    [['--level', 'ads:debgu'], 64, 'did you mean ads:debug?'],
    [['--stack-trace-level', 'ads:trace'], 64, '"trace" is no log level of istiod'],
    [['--reset', '--level', 'ads:info'], 64, 'exclude each other'],
    [['istiod-1', '-r', 'canary'], 64, 'a pod excludes --revision'],
    [['--level', 'ads:warn,validaton:debug'], 1, 'did you mean validation?'],
    [['-l', 'app=other'], 1, 'no running Istio pods'],
    [['--ctrlz_port', '9877'], 69, 'port 9877'],
  ])('refuses %s, and sets nothing', async (flags, exitCode, words) => {
    const { code, stdout, stderr } = await log(...flags);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toContain(words);
    expect(put).toEqual([]);
  });
});
