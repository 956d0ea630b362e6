import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { hostOfHead, openEntry } from '../../src/local/entry.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const startApp = async (answer: string): Promise<{ host: string; port: number }> => {
  const server = createServer((socket) => {
    socket.once('data', (data) =>
      socket.end(
        `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${answer.length + data.length}\r\n\r\n${answer}${data}`,
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
};

describe('hostOfHead', () => {
  it('reads the host without its port, in lower case, wherever its line stands', () => {
    expect(hostOfHead('GET / HTTP/1.1\r\nAccept: x\r\nHOST: Hello.Shop.localhost:8080\r\n\r\n')).toBe(
      'hello.shop.localhost',
    );
  });

  it('waits for a line that is not whole and gives up at the end of the head', () => {
    expect(hostOfHead('GET / HTTP/1.1\r\nHost: hel')).toBeUndefined();
    expect(hostOfHead('GET / HTTP/1.0\r\n\r\n')).toBe('');
  });

  it('does not look into the body', () => {
    expect(hostOfHead('POST / HTTP/1.0\r\n\r\n\r\nHost: evil\r\n\r\n')).toBe('');
  });
});

describe('the entry', () => {
  it('hands a connection with every byte it brought to the proxy its host names', async () => {
    const [hello, other] = [await startApp('hello '), await startApp('other ')];
    const entry = await openEntry({ port: 0, targetOf: (host) => (host === 'hello.shop.localhost' ? hello : other) });
    closers.push(() => entry.close());
    const url = `http://127.0.0.1:${entry.port}/x`;
    expect(await (await fetch(url)).text()).toMatch(/^other GET \/x HTTP\/1\.1/);
    const response = await rawRequest(entry.port, ['GET /y HTTP/1.1\r\nHo', 'st: hello.shop.localhost\r\n\r\n']);
    expect(response).toContain('hello GET /y HTTP/1.1\r\nHost: hello.shop.localhost');
  });

  it('says where services answer when nobody takes the host', async () => {
    const entry = await openEntry({ port: 0, targetOf: () => undefined });
    closers.push(() => entry.close());
    const response = await fetch(`http://127.0.0.1:${entry.port}/`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('SERVICE.NAMESPACE.localhost');
  });

  it('names the taken port in a fault', async () => {
    const taken = await startApp('');
    const failure = await openEntry({ port: taken.port, targetOf: () => undefined }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Fault);
    expect(failure).toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${taken.port} is already in use on 127.0.0.1`,
    });
  });
});

const rawRequest = async (port: number, parts: readonly string[]): Promise<string> => {
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
    socket.write(parts[0] ?? '', () => setImmediate(() => socket.write(parts[1] ?? '')));
  });
};
