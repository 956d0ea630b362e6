import { stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAdminClient } from '../../src/admin/client.ts';
import { type FakeMesh, startFakeMesh, TOKEN } from '../support/fake-mesh.ts';

let mesh: FakeMesh;
beforeEach(async () => {
  mesh = await startFakeMesh();
});
afterEach(() => mesh.close());

const ways = [
  ['the socket file', () => mesh.stateDir.file('admin.sock')],
  ['the loopback port', () => undefined],
] as const;

describe.each(ways)('a client over %s', (_name, socketPath) => {
  const client = () =>
    createAdminClient({ socketPath: socketPath(), port: mesh.server.port, token: TOKEN, startId: 'start' });

  it('reads the status with the address of the server in it', async () => {
    const status = await client().status();
    expect(status).toMatchObject({ apiVersion: 'heddle/v1', kind: 'LocalStatus', admin: { url: mesh.server.url } });
    expect(status.items[0]?.name).toBe('hello-service');
  });

  it('throws what the mesh threw, with its kind, code and hint', async () => {
    await expect(client().curlTarget('nobody')).rejects.toMatchObject({
      kind: 'usage',
      code: 'NO_SUCH_WORKLOAD',
      hint: 'did you mean "somebody"?',
    });
  });

  it('hands names over whole, whatever they contain', async () => {
    expect((await client().curlTarget('a&from=b#?c d')).workload).toBe('a&from=b#?c d');
  });

  it('holds a binding until its caller is gone', async () => {
    const controller = new AbortController();
    const { id } = await client().bind({ app: 'api', port: 80 }, controller.signal);
    expect([id, mesh.control.calls]).toEqual(['b1', ['bind api 80']]);
    controller.abort();
    await expect.poll(() => mesh.control.calls).toEqual(['bind api 80', 'unbind b1']);
  });

  it('ends following logs when it is told to', async () => {
    mesh.control.lines = [{ proxy: 'a-0.default', text: 'one' }];
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const { text } of client().logs(
      { follow: true, tail: undefined, workload: undefined },
      controller.signal,
    )) {
      seen.push(text);
      controller.abort();
    }
    expect(seen).toEqual(['one']);
  });

  it('ends following logs when the mesh ends', async () => {
    mesh.control.lines = [{ proxy: 'a-0.default', text: 'one' }];
    const seen: string[] = [];
    for await (const { text } of client().logs(
      { follow: true, tail: undefined, workload: undefined },
      new AbortController().signal,
    )) {
      seen.push(text);
      void mesh.server.close();
    }
    expect(seen).toEqual(['one']);
  });
});

describe('a client', () => {
  it('takes another mesh on the recorded port for none', async () => {
    const other = createAdminClient({
      socketPath: undefined,
      port: mesh.server.port,
      token: TOKEN,
      startId: 'earlier',
    });
    expect(await other.isAlive()).toBe(false);
  });

  it('calls a mesh that is gone unreachable', async () => {
    const gone = createAdminClient({ socketPath: '/nonexistent/socket', port: 1, token: TOKEN, startId: 'start' });
    expect(await gone.isAlive()).toBe(false);
    await expect(gone.status()).rejects.toMatchObject({ kind: 'unreachable', code: 'MESH_UNREACHABLE' });
  });
});

describe('the socket file', () => {
  it('is for its owner alone and vanishes with the server', async () => {
    const path = mesh.stateDir.file('admin.sock');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await mesh.server.close();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes the place of one that a killed mesh left behind', async () => {
    await mesh.server.close();
    await writeFile(mesh.stateDir.file('admin.sock'), '');
    const { createAdminServer } = await import('../../src/admin/server.ts');
    const again = await createAdminServer({
      control: mesh.control,
      token: TOKEN,
      startId: 'start',
      socketPath: mesh.stateDir.file('admin.sock'),
    });
    const client = createAdminClient({
      socketPath: mesh.stateDir.file('admin.sock'),
      port: 1,
      token: TOKEN,
      startId: 'start',
    });
    expect(await client.isAlive()).toBe(true);
    await again.close();
  });
});
