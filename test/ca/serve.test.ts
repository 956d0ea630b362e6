import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cryptoProvider, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bytesField, numberField, readFields } from '../../src/base/protobuf.ts';
import type { Authority } from '../../src/ca/authority.ts';
import { type Callers, openCallers } from '../../src/ca/serve/callers.ts';
import { CREATE_CERTIFICATE } from '../../src/ca/serve/messages.ts';
import { type CaServer, ROOT_PATH, startCaServer } from '../../src/ca/serve/server.ts';
import { openAuthority } from '../../src/ca/store.ts';
import { verifyWorkload } from '../../src/ca/svid.ts';

const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const OTHER = 'spiffe://cluster.local/ns/default/sa/other';
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};

let stateDir: string;
let authority: Authority;
let callers: Callers;
let server: CaServer;
let client: ClientHttp2Session;
let token: string;
const refusals: string[] = [];
let monotonicMs = 0;
const clock = { nowMs: () => Date.now(), monotonicMs: () => monotonicMs };

beforeAll(async () => {
  cryptoProvider.set(globalThis.crypto);
  stateDir = mkdtempSync(join(tmpdir(), 'heddle-ca-'));
  authority = await openAuthority({ stateDir, trustDomain: 'cluster.local', clock });
  callers = openCallers(stateDir, [REVIEWS, OTHER], clock);
  token = readFileSync(callers.items[0]?.tokenFile ?? '', 'utf8').trim();
  server = await startCaServer({
    authority,
    callers,
    clock,
    random: () => 0.5,
    host: '127.0.0.1',
    port: 0,
    hostNames: ['localhost', '127.0.0.1', 'istiod.istio-system.svc'],
    onRefusal: (reason) => refusals.push(reason),
  });
  client = connect(`https://127.0.0.1:${server.port}`, {
    ca: authority.rootPem,
    servername: 'istiod.istio-system.svc',
  });
  client.on('error', () => {});
});
afterAll(async () => {
  client.close();
  await server.close();
  rmSync(stateDir, { recursive: true, force: true });
});
beforeEach(() => {
  // Everybody has their burst again.
  monotonicMs += 3_600_000;
  refusals.length = 0;
});

const csr = async (algorithm: typeof EC | typeof RSA = EC, uri: string | undefined = REVIEWS): Promise<string> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = uri === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: 'url', value: uri }], true)];
  const made = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm, extensions: names });
  return made.toString('pem');
};

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly chain: readonly string[];
}

const call = (body: Buffer, authorization: string | undefined = `Bearer ${token}`): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const stream = client.request({
      ':method': 'POST',
      ':path': CREATE_CERTIFICATE,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(authorization === '' ? {} : { authorization }),
    });
    const chunks: Buffer[] = [];
    let ends: Record<string, unknown> = {};
    stream.on('response', (headers) => (ends = { ...ends, ...headers }));
    stream.on('trailers', (trailers) => (ends = { ...ends, ...trailers }));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    // Not `close`: Node's client goes on with a body that nobody wants.
    stream.on('end', () => {
      stream.close();
      const fields = readFields(Buffer.concat(chunks).subarray(5)) ?? [];
      resolve({
        status: Number(ends['grpc-status']),
        message: decodeURI(String(ends['grpc-message'] ?? '')),
        chain: fields.map(([, value]) => String(value)),
      });
    });
    stream.end(body);
  });

const framed = (message: Buffer, flags = 0): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

const ask = async (pem: string | Promise<string>, ...more: readonly Buffer[]): Promise<Answer> =>
  call(framed(Buffer.concat([bytesField(1, await pem), ...more])));

const metadata = (key: string, value: string): Buffer =>
  bytesField(4, bytesField(1, Buffer.concat([bytesField(1, key), bytesField(2, bytesField(3, value))])));

const lifeOf = ({ chain }: Answer): number => {
  const { validFrom, validTo } = new X509Certificate(chain[0] ?? '');
  return (Date.parse(validTo) - Date.parse(validFrom)) / 1_000;
};

describe('a request that is signed', () => {
  test.each([
    ['an ECDSA key', EC, REVIEWS],
    ['an RSA key', RSA, REVIEWS],
    ['no name of its own', EC, undefined],
  ])('with %s brings a chain of certificate and root', async (_, algorithm, uri) => {
    const answer = await ask(csr(algorithm, uri));
    expect(answer).toMatchObject({ status: 0, message: '' });
    const [leaf = '', root = '', ...more] = answer.chain;
    expect(more).toEqual([]);
    expect(root).toBe(authority.rootPem);
    const verdict = verifyWorkload(new X509Certificate(leaf), new X509Certificate(root), Date.now());
    expect(verdict).toMatchObject({ kind: 'valid', id: { text: REVIEWS } });
    expect(new X509Certificate(leaf).subjectAltName).toBe(`URI:${REVIEWS}`);
  });

  test('certifies the key of the request, and is noted in the log', async () => {
    const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
    const made = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: EC });
    const { chain } = await ask(made.toString('pem'));
    const leaf = new X509Certificate(chain[0] ?? '');
    const own = createPublicKey({ key: Buffer.from(made.publicKey.rawData), format: 'der', type: 'spki' });
    expect(leaf.publicKey.equals(own)).toBe(true);
    expect(readFileSync(join(stateDir, 'ca', 'issued.log'), 'utf8')).toContain(leaf.serialNumber.toLowerCase());
  });

  test('has the lifetime asked for, and the longest where none or less is', async () => {
    const day = lifeOf(await ask(csr()));
    expect(day - lifeOf(await ask(csr(), numberField(3, 600)))).toBeCloseTo(24 * 3_600 - 600, -1);
    // -1 as 64 bits.
    const minusOne = Buffer.concat([Buffer.from([0x18]), Buffer.alloc(9, 0xff), Buffer.from([0x01])]);
    expect(lifeOf(await ask(csr(), minusOne))).toBeCloseTo(day, -1);
  });

  test("passes over what Istio's agent says beside it", async () => {
    expect((await ask(csr(), metadata('CertSigner', ''))).status).toBe(0);
  });
});

describe('a request that is refused', () => {
  test.each([
    ['no token', ''],
    ['a wrong token', 'Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another scheme', 'Basic cm9vdDpyb290'],
    ['two tokens', 'Bearer a b'],
  ])('has %s', async (_, authorization) => {
    const answer = await call(framed(bytesField(1, await csr())), authorization);
    expect(answer).toEqual({ status: 16, message: 'the bearer token is missing or not known', chain: [] });
    expect(refusals).toEqual([answer.message]);
  });

  test('asks for the identity of somebody else', async () => {
    const answer = await ask(csr(EC, OTHER));
    expect(answer).toMatchObject({ status: 7, chain: [] });
    expect(answer.message).toContain(OTHER);
    expect(await ask(csr(), metadata('ImpersonatedIdentity', OTHER))).toMatchObject({ status: 16, chain: [] });
  });

  const weakKeys = generateKeyPairSync('rsa', { modulusLength: 1024 });

  test('has a key that is too short', async () => {
    const usage = { ...RSA, modulusLength: 1024 };
    const [publicKey, privateKey] = await Promise.all([
      crypto.subtle.importKey('spki', weakKeys.publicKey.export({ type: 'spki', format: 'der' }), usage, true, [
        'verify',
      ]),
      crypto.subtle.importKey('pkcs8', weakKeys.privateKey.export({ type: 'pkcs8', format: 'der' }), usage, true, [
        'sign',
      ]),
    ]);
    const keys = { publicKey, privateKey };
    const made = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: RSA });
    expect(await ask(made.toString('pem'))).toMatchObject({ status: 3, message: expect.stringContaining('2048') });
  });

  test('is not signed by its own key', async () => {
    const der = Buffer.from((await csr()).replaceAll(/-----.*-----|\s/g, ''), 'base64');
    der[der.length - 3] = (der[der.length - 3] ?? 0) ^ 1;
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(await ask(pem)).toMatchObject({
      status: 3,
      message: 'the certificate request is not signed by its own key',
    });
  });

  test.each([
    ['', 'is not one PEM block'],
    ['-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n', 'cannot be decoded'],
  ])('is no certificate request: %j', async (pem, why) => {
    expect(await ask(pem)).toMatchObject({ status: 3, message: expect.stringContaining(why) });
  });

  test('wants to live for longer than a day', async () => {
    expect(await ask(csr(), numberField(3, 90_000))).toMatchObject({ status: 3, chain: [] });
  });

  test.each([
    ['no gRPC', Buffer.from('{}'), 3],
    ['compressed', framed(Buffer.from('x'), 1), 12],
    ['no message', framed(Buffer.from([0xff])), 3],
    ['huge', framed(Buffer.alloc(1_000_000)), 8],
  ])('is %s', async (_, body, status) => {
    expect(await call(body)).toMatchObject({ status, chain: [] });
    expect((await ask(csr())).status).toBe(0);
  });

  test('is one too many of one caller, until time has passed', async () => {
    const pem = await csr();
    const answers = await Promise.all(Array.from({ length: 21 }, () => ask(pem)));
    expect(answers.map(({ status }) => status).filter((status) => status !== 0)).toEqual([8]);
    monotonicMs += 250;
    expect((await ask(pem)).status).toBe(0);
  });

  test('says nothing of the token', async () => {
    await ask(csr(EC, OTHER));
    expect(refusals).toHaveLength(1);
    expect(refusals.join()).not.toContain(token);
  });
});

describe('the tokens', () => {
  test('are in files for their owner alone, one for each identity, and stay', () => {
    const [one, two] = callers.items.map(({ tokenFile }) => ({
      mode: statSync(tokenFile).mode & 0o777,
      text: readFileSync(tokenFile, 'utf8'),
    }));
    expect([one?.mode, two?.mode]).toEqual([0o600, 0o600]);
    expect(one?.text).not.toBe(two?.text);
    expect(openCallers(stateDir, [REVIEWS], clock).identityOf(token)).toBe(REVIEWS);
    expect(openCallers(stateDir, [OTHER], clock).identityOf(token)).toBeUndefined();
  });
});

describe('over HTTP/1.1', () => {
  const get = (path: string, method = 'GET'): Promise<readonly [number | undefined, string]> =>
    new Promise((resolve, reject) => {
      const options = {
        port: server.port,
        host: '127.0.0.1',
        path,
        method,
        ca: authority.rootPem,
        agent: false,
      } as const;
      httpsRequest(options, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve([response.statusCode, text]));
      })
        .on('error', reject)
        .end();
    });

  test('the root is for everybody, and nothing else is there', async () => {
    expect(await get(ROOT_PATH)).toEqual([200, authority.rootPem]);
    expect((await get('/'))[0]).toBe(404);
    expect((await get(CREATE_CERTIFICATE, 'POST'))[0]).toBe(404);
    expect((await get(ROOT_PATH, 'POST'))[0]).toBe(405);
  });
});
