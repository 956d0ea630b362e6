import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OpenOptions } from '../../src/cluster/open.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { openFake } from '../support/open-fake.ts';

let directory: string;
let api: FakeApi;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-kubeconfig-'));
  api = await startFakeApi();
});
afterEach(() => api.clearFaults());
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true });
});

/** Writes a file below the directory; answers its path. */
const file = async (name: string, content: unknown, mode = 0o600): Promise<string> => {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(path, mode);
  return path;
};

/** A kubeconfig with one context, cluster and user of the same name. */
const kubeconfig = (
  name: string,
  user: object,
  more: { readonly namespace?: string; readonly server?: string } = {},
) => ({
  'current-context': name,
  contexts: [{ name, context: { cluster: name, user: name, namespace: more.namespace } }],
  clusters: [{ name, cluster: { server: more.server ?? api.url } }],
  users: [{ name, user }],
});

const open = (options: Partial<OpenOptions>) => openFake({ kubeconfig: '' }, options);

/** What the API server was told of who asks. */
const authorization = async (options: Partial<OpenOptions>): Promise<string | undefined> => {
  const cluster = await open(options);
  try {
    await cluster.version();
    return api.requests.at(-1)?.headers.authorization;
  } finally {
    cluster.close();
  }
};

describe('where a kubeconfig is', () => {
  it('is the flag, then KUBECONFIG, then the home directory', async () => {
    const flag = await file('flag', kubeconfig('flag', { token: 'f' }));
    const env = await file('env', kubeconfig('env', { token: 'e' }));
    await file('home/.kube/config', kubeconfig('home', { token: 'h' }));
    const HOME = join(directory, 'home');
    expect(await authorization({ kubeconfig: flag, env: { KUBECONFIG: env, HOME } })).toBe('Bearer f');
    expect(await authorization({ env: { KUBECONFIG: env, HOME } })).toBe('Bearer e');
    expect(await authorization({ env: { HOME } })).toBe('Bearer h');
    expect(await authorization({ kubeconfig: 'flag', cwd: directory })).toBe('Bearer f');
  });

  it('may be a list, in which the first of a name counts and files may be missing', async () => {
    const first = await file('first', { ...kubeconfig('same', { token: '1' }), 'current-context': '' });
    const second = await file('second', kubeconfig('same', { token: '2' }, { server: 'http://127.0.0.1:1' }));
    const third = await file('third', kubeconfig('third', { token: '3' }));
    const env = { KUBECONFIG: [join(directory, 'missing'), first, second, third].join(delimiter) };
    expect(await authorization({ env })).toBe('Bearer 1');
    expect(await authorization({ env, context: 'third' })).toBe('Bearer 3');
  });

  it.each([
    ['no home', {}, 'NO_CLUSTER', 'there is no kubeconfig'],
    ['a home without', { HOME: '/nonexistent' }, 'NO_CLUSTER', '/nonexistent/.kube/config does not exist'],
    ['a KUBECONFIG without', { KUBECONFIG: '/nonexistent/k' }, 'NO_CLUSTER', '/nonexistent/k does not exist'],
  ])('is said to be nowhere with %s', async (_what, env, code, message) => {
    await expect(open({ env })).rejects.toMatchObject({
      code,
      kind: 'unreachable',
      message: expect.stringContaining(message),
    });
  });

  it('must be where the flag says', async () => {
    await expect(open({ kubeconfig: '/nonexistent/k' })).rejects.toMatchObject({
      code: 'KUBECONFIG_MISSING',
      kind: 'usage',
    });
  });
});

describe('what a kubeconfig says', () => {
  it.each([
    ['', 'NO_CLUSTER', 'has no context'],
    ['apiVersion: v1\nkind: Config\n', 'NO_CLUSTER', 'has no context'],
    ['contexts:\n- name: prod\n', 'NO_CLUSTER', 'has no current context (there are: prod)'],
    ['- a\n', 'KUBECONFIG_INVALID', 'it is no mapping'],
    ['contexts:\n  - name: [\n', 'KUBECONFIG_INVALID', 'broken:2:'],
    ['current-context: a\ncontexts: [{name: a, context: {cluster: c}}]', 'KUBECONFIG_INVALID', 'names the cluster "c"'],
    [
      'current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "http://h"}}]',
      'KUBECONFIG_INVALID',
      'names the user "u"',
    ],
    [
      'current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: h}}]',
      'KUBECONFIG_INVALID',
      'server is "h"',
    ],
  ])('is refused where it is %j', async (text, code, message) => {
    const path = await file('broken', text);
    await expect(open({ kubeconfig: path })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining('--kubeconfig'),
    });
  });

  it('has no such context: the nearest is named', async () => {
    const path = await file('contexts', kubeconfig('production', {}));
    await expect(open({ kubeconfig: path, context: 'prodution' })).rejects.toMatchObject({
      code: 'UNKNOWN_CONTEXT',
      kind: 'usage',
      message: `context "prodution" does not exist in kubeconfig ${path}`,
      hint: 'did you mean "production"? (there are: production)',
    });
    await expect(open({ kubeconfig: path, context: 'x' })).rejects.toMatchObject({ hint: 'there are: production' });
  });

  it('gives context, server and namespace', async () => {
    const path = await file('named', kubeconfig('prod', {}, { namespace: 'shop', server: `${api.url}/` }));
    expect(await open({ kubeconfig: path })).toMatchObject({ context: 'prod', server: api.url, namespace: 'shop' });
    const plain = await file('plain', kubeconfig('prod', {}));
    expect(await open({ kubeconfig: plain })).toMatchObject({ namespace: 'default' });
  });
});

describe('who asks', () => {
  it('is a token, a token file beside the kubeconfig, a name and password, or nobody', async () => {
    await file('token', 'from-file\n');
    const users = {
      a: { token: 't' },
      b: { tokenFile: 'token', token: 'old' },
      c: { username: 'u', password: 'p' },
      d: {},
    };
    const seen = [];
    for (const [name, user] of Object.entries(users))
      seen.push(await authorization({ kubeconfig: await file(`user-${name}`, kubeconfig(name, user)) }));
    expect(seen).toEqual(['Bearer t', 'Bearer from-file', `Basic ${Buffer.from('u:p').toString('base64')}`, undefined]);
  });

  it('says which token file cannot be read', async () => {
    const path = await file('no-token', kubeconfig('a', { tokenFile: 'missing' }));
    await expect(authorization({ kubeconfig: path })).rejects.toMatchObject({
      code: 'KUBECONFIG_INVALID',
      kind: 'config',
      message: expect.stringContaining(join(directory, 'missing')),
    });
  });

  it('may stand in for somebody else', async () => {
    const user = { token: 't', as: 'jane', 'as-uid': '7', 'as-groups': ['devs'] };
    const path = await file('as', kubeconfig('a', user));
    await authorization({ kubeconfig: path });
    expect(api.requests.at(-1)?.headers).toMatchObject({
      'impersonate-user': 'jane',
      'impersonate-uid': '7',
      'impersonate-group': 'devs',
    });
    await authorization({ kubeconfig: path, impersonation: { user: 'joe', uid: '', groups: [] } });
    expect(api.requests.at(-1)?.headers['impersonate-user']).toBe('joe');
    expect(api.requests.at(-1)?.headers['impersonate-group']).toBeUndefined();
  });
});

describe('a credential plugin', () => {
  /** A kubeconfig whose user is known by a program of this text. */
  const withPlugin = async (body: string, more: object = {}): Promise<string> => {
    await file('bin/plugin', `#!${process.execPath}\n${body}`, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin', ...more };
    return file('plugin-config', kubeconfig('a', { exec }));
  };
  const answer = (status: object): string =>
    `console.log(${JSON.stringify(JSON.stringify({ kind: 'ExecCredential', status }))})`;

  it('gives a token, asked for once', async () => {
    const count = join(directory, 'count');
    const path = await withPlugin(
      `require('fs').appendFileSync(${JSON.stringify(count)}, process.argv[2] + process.env.WHO + JSON.parse(process.env.KUBERNETES_EXEC_INFO).kind + '\\n');${answer({ token: 'from-plugin' })}`,
      { args: ['get'], env: [{ name: 'WHO', value: 'me' }] },
    );
    const cluster = await open({ kubeconfig: path });
    await cluster.version();
    await cluster.version();
    cluster.close();
    expect(api.requests.at(-1)?.headers.authorization).toBe('Bearer from-plugin');
    expect(await readFile(count, 'utf8')).toBe('getmeExecCredential\n');
  });

  it('is asked again when its token is over', async () => {
    const path = await withPlugin(answer({ token: 'old', expirationTimestamp: '2020-01-01T00:00:00Z' }));
    const cluster = await open({ kubeconfig: path });
    await cluster.version();
    await withPlugin(answer({ token: 'new' }));
    await cluster.version();
    cluster.close();
    expect(api.requests.at(-1)?.headers.authorization).toBe('Bearer new');
  });

  it.each([
    ['hangs', 'setInterval(() => 0, 1000)', 'did not answer within 0.5s'],
    ['fails', 'console.error("please log in"); process.exit(3)', 'failed (exit code 3): please log in'],
    ['prints garbage', 'console.log("SECRET")', 'did not print an ExecCredential of client.authentication.k8s.io/v1'],
    ['prints no credential', answer({}), 'did not print an ExecCredential of client.authentication.k8s.io/v1'],
  ])('that %s is named, and its output is not', async (_what, body, message) => {
    const path = await withPlugin(body);
    const fault = await authorization({ kubeconfig: path, timeoutMs: 500 }).catch((error: unknown) => error);
    expect(fault).toMatchObject({
      code: 'CREDENTIAL_PLUGIN_FAILED',
      kind: 'denied',
      message: `credential plugin "${join(directory, 'bin/plugin')}" of the kubeconfig ${message}`,
    });
    expect(String(fault)).not.toContain('SECRET');
  });

  it('that is not installed is said to be, with the hint of the kubeconfig', async () => {
    const exec = { command: 'no-such-plugin', installHint: 'get it from the wiki\nsecond line' };
    const path = await file('plugin-missing', kubeconfig('a', { exec }));
    await expect(authorization({ kubeconfig: path })).rejects.toMatchObject({
      code: 'CREDENTIAL_PLUGIN_FAILED',
      message: 'credential plugin "no-such-plugin" of the kubeconfig is not installed',
      hint: 'get it from the wiki',
    });
  });
});
