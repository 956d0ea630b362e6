import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeyStore } from '../../src/proxy/jwt/key-store.ts';
import { authenticate, type TokenDecision, tokensToVerify } from '../../src/traffic/authenticate.ts';
import type { TokenFault } from '../../src/traffic/jwt.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import type { TokenRule } from '../../src/traffic/token-rules.ts';

const NOW = 1_800_000_000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');

const jwks = JSON.stringify({
  keys: [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig' },
    { ...elliptic.publicKey.export({ format: 'jwk' }), kid: 'ec', alg: 'ES256' },
    { ...edwards.publicKey.export({ format: 'jwk' }), kid: 'ed', alg: 'EdDSA' },
    { kty: 'unheard-of', kid: 'odd' },
  ],
});

const rule = (changes: Partial<TokenRule> = {}): TokenRule => ({
  issuer: 'me',
  audiences: [],
  places: [{ in: 'header', name: 'authorization', prefix: 'Bearer ' }],
  isForwarded: false,
  payloadHeader: '',
  claimHeaders: [],
  spaceDelimited: new Set(['scope']),
  keys: { kind: 'inline', jwks },
  origin: {
    resource: 'RequestAuthentication default/jwt',
    span: { file: 'a.yaml', line: 1, column: 1, endLine: 1, endColumn: 2 },
  },
  ...changes,
});

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part), 'utf8').toString('base64url');

const good = { iss: 'me', sub: 'alice', exp: NOW + 100 };

const token = (
  header: object,
  payload: unknown = good,
  key: KeyObject = rsa.privateKey,
  signer = (data: Buffer): Buffer => sign('sha256', data, key),
): string => {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${signer(Buffer.from(signed)).toString('base64url')}`;
};

const requestWith = (...tokens: readonly string[]): RequestHead => ({
  method: 'GET',
  path: '/',
  authority: 'app',
  scheme: 'http',
  headerValues: (name) => (name === 'authorization' ? tokens.map((text) => `Bearer ${text}`) : []),
});

const decide = async (text: string | readonly string[], asked = rule()): Promise<TokenDecision> => {
  const request = requestWith(...(typeof text === 'string' ? [text] : text));
  const store = createKeyStore({
    monotonicMs: () => 0,
    fetch: () => Promise.reject(new Error('nobody is to be asked')),
  });
  const verdicts = new Map<string, TokenFault | undefined>();
  for (const one of tokensToVerify([asked], request, NOW)) {
    verdicts.set(one.token.text, await store.verify(one.rule, one.token));
  }
  return authenticate([asked], request, NOW, (_, { text: own }) =>
    verdicts.has(own) ? verdicts.get(own) : { fault: 'not verified' },
  );
};

const saying = async (text: string | readonly string[], asked = rule()): Promise<string> => {
  const decision = await decide(text, asked);
  return decision.kind === 'accept' ? 'accepted' : `${decision.status} ${decision.message}`;
};

const RS256 = { alg: 'RS256', kid: 'rsa' };
const REFUSED = '401 Jwt verification fails';
const NO_KEY = "401 Jwks doesn't have key to match kid or alg from Jwt";

describe('good tokens', () => {
  it('pass with the algorithm of their key, with and without kid', async () => {
    expect(await saying(token(RS256))).toBe('accepted');
    expect(await saying(token({ alg: 'RS256' }))).toBe('accepted');
    const es = (data: Buffer): Buffer => sign('sha256', data, { key: elliptic.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(await saying(token({ alg: 'ES256', kid: 'ec' }, good, elliptic.privateKey, es))).toBe('accepted');
    const ed = (data: Buffer): Buffer => sign(null, data, edwards.privateKey);
    expect(await saying(token({ alg: 'EdDSA', kid: 'ed' }, good, edwards.privateKey, ed))).toBe('accepted');
  });

  it('say who and what; words of a scope are apart', async () => {
    const decision = await decide(token(RS256, { ...good, scope: 'read write' }));
    expect(decision).toMatchObject({ kind: 'accept', claims: { sub: 'alice', scope: ['read', 'write'] } });
  });
});

describe('attacks', () => {
  it.each(['none', 'None', 'nOnE', 'NONE'])('refuses alg %s', async (alg) => {
    expect(await saying(`${encode({ alg })}.${encode(good)}.`)).toMatch(/^401 Jwt is not in the form/);
    expect(await saying(`${encode({ alg })}.${encode(good)}.AA`)).toBe('401 Jwt header [alg] is not supported');
  });

  it('refuses a public key used as an HMAC secret', async () => {
    const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' });
    const hmac = (data: Buffer): Buffer => createHmac('sha256', pem).update(data).digest();
    expect(await saying(token({ alg: 'HS256', kid: 'rsa' }, good, rsa.privateKey, hmac))).toBe(REFUSED);
  });

  it("refuses a key's signature under another type's name", async () => {
    expect(await saying(token({ alg: 'ES256', kid: 'rsa' }))).toBe(REFUSED);
    expect(await saying(token({ alg: 'RS256', kid: 'ec' }))).toBe(NO_KEY);
  });

  it.each([
    ['an embedded key', { ...RS256, jwk: stranger.publicKey.export({ format: 'jwk' }) }],
    ['a key set address', { ...RS256, jku: 'http://127.0.0.1:1/evil' }],
    ['a certificate address', { ...RS256, x5u: 'http://127.0.0.1:1/evil' }],
    ['a certificate', { ...RS256, x5c: ['MIIB'] }],
  ])('believes no key that comes with the token: %s', async (_, header) => {
    expect(await saying(token(header, good, stranger.privateKey))).toBe(REFUSED);
  });

  it.each(['../../../../dev/null', "x' UNION SELECT 'key", '__proto__', 'constructor', 'odd'])(
    'finds no key called %s',
    async (kid) => {
      expect(await saying(token({ alg: 'RS256', kid }))).toBe(NO_KEY);
    },
  );

  it('refuses a kid that is no text', async () => {
    expect(await saying(token({ alg: 'RS256', kid: ['rsa'] }))).toBe('401 Jwt header [kid] field is not a string');
  });

  it('refuses extensions it would have to understand', async () => {
    expect(await saying(token({ ...RS256, crit: ['exp'], exp: 1 }))).toBe(REFUSED);
    expect(await saying(token({ ...RS256, b64: false, crit: ['b64'] }))).toBe(REFUSED);
  });

  it('refuses ECDSA signatures of nothing', async () => {
    const zero = (): Buffer => Buffer.alloc(64);
    expect(await saying(token({ alg: 'ES256', kid: 'ec' }, good, elliptic.privateKey, zero))).toBe(REFUSED);
  });

  it('refuses what was changed after it was signed', async () => {
    const [header, , signature] = token(RS256).split('.');
    expect(await saying(`${header}.${encode({ ...good, sub: 'admin' })}.${signature}`)).toBe(REFUSED);
  });

  it.each(['=', '+', '/', ' ', '\u00e9', '\n'])('refuses letters beyond base64url: %j', async (letter) => {
    const [header, payload, signature] = token(RS256).split('.');
    expect(await saying(`${header}${letter}.${payload}.${signature}`)).toMatch(/^401 Jwt header/);
    expect(await saying(`${header}.${payload}${letter}.${signature}`)).toMatch(/^401 Jwt payload/);
    expect(await saying(`${header}.${payload}.${signature}${letter}`)).toMatch(/^401 Jwt signature/);
  });

  it('refuses claims said twice', async () => {
    const twice = '{"iss":"me","sub":"alice","s\\u0075b":"admin"}';
    expect(await saying(token(RS256, twice))).toBe('401 Jwt payload is an invalid JSON');
    expect(await saying(token(RS256, '{"iss":"me","a":{"b":1},"c":{"b":"{\\"b\\":"}}'))).toBe('accepted');
  });

  it('refuses a good token beside a bad one', async () => {
    expect(await saying([token(RS256), token(RS256, good, stranger.privateKey)])).toBe(REFUSED);
    expect(await saying([token(RS256, good, stranger.privateKey), token(RS256)])).toBe(REFUSED);
  });

  it('survives a token of 1 MB', async () => {
    const big = token(RS256, { ...good, pad: 'x'.repeat(1024 * 1024) }, stranger.privateKey);
    expect(await saying(big)).toBe(REFUSED);
    expect(await saying('.'.repeat(1024 * 1024))).toMatch(/^401 Jwt is not in the form/);
  });
});

describe('time and audience', () => {
  it.each([
    [{ exp: NOW - 61 }, '401 Jwt is expired'],
    [{ exp: NOW - 60 }, 'accepted'],
    [{ exp: NOW - 61.5 }, '401 Jwt is expired'],
    [{ exp: 1e300 }, '401 Jwt payload [exp] field is not a positive 64 bit integer'],
    [{ exp: -1 }, '401 Jwt payload [exp] field is not a positive 64 bit integer'],
    [{ exp: '9999999999' }, '401 Jwt payload [exp] field is not an integer'],
    [{ nbf: NOW + 61 }, '401 Jwt not yet valid'],
    [{ nbf: NOW + 60 }, 'accepted'],
    [{ iss: 'you' }, '401 Jwt issuer is not configured'],
    [{ iss: ['me'] }, '401 Jwt payload [iss] field is not a string'],
  ])('%j: %s', async (claims, expected) => {
    expect(await saying(token(RS256, { iss: 'me', ...claims }))).toBe(expected);
  });

  it.each([
    ['a', 'accepted'],
    [['x', 'https://a/'], 'accepted'],
    ['ab', '403 Audiences in Jwt are not allowed'],
    [undefined, '403 Audiences in Jwt are not allowed'],
    [['a', 1], '401 Jwt payload [aud] field is not a string or string list'],
    [{ a: 1 }, '401 Jwt payload [aud] field is not a string or string list'],
  ])('audience %j: %s', async (aud, expected) => {
    expect(await saying(token(RS256, { ...good, aud }), rule({ audiences: ['a'] }))).toBe(expected);
  });
});

describe('keys from elsewhere', () => {
  const address = rule({ keys: { kind: 'address', url: 'http://keys/jwks', timeoutMs: 5000 } });
  const faultOf = async (store: ReturnType<typeof createKeyStore>): Promise<string | undefined> => {
    const [asked] = tokensToVerify([address], requestWith(token(RS256)), NOW);
    return asked === undefined ? 'nothing to verify' : (await store.verify(asked.rule, asked.token))?.fault;
  };

  it('are fetched once, kept, and refused tokens while there are none', async () => {
    let now = 0;
    let isUp = false;
    let fetches = 0;
    const fetch = (): Promise<string> => {
      fetches += 1;
      return isUp ? Promise.resolve(jwks) : Promise.reject(new Error('down'));
    };
    const store = createKeyStore({ monotonicMs: () => now, fetch });
    expect(await faultOf(store)).toBe('Jwt verification fails');
    isUp = true;
    expect(await faultOf(store)).toBe('Jwt verification fails');
    now = 1_000;
    expect(await faultOf(store)).toBeUndefined();
    isUp = false;
    now = 3_600_000;
    expect(await faultOf(store)).toBeUndefined();
    expect(fetches).toBe(3);
  });

  it('stand where the issuer says', async () => {
    const discovery = rule({
      keys: { kind: 'discovery', url: 'http://me/.well-known/openid-configuration', timeoutMs: 1 },
    });
    const texts: Readonly<Record<string, string>> = {
      'http://me/.well-known/openid-configuration': '{"jwks_uri":"http://me/keys"}',
      'http://me/keys': jwks,
    };
    const store = createKeyStore({ monotonicMs: () => 0, fetch: (url) => Promise.resolve(texts[url] ?? '') });
    const [asked] = tokensToVerify([discovery], requestWith(token(RS256)), NOW);
    expect(asked === undefined ? 'nothing' : await store.verify(asked.rule, asked.token)).toBeUndefined();
  });
});

describe('the request goes on', () => {
  it("without its token, with the proxy's word for its claims and nobody else's", async () => {
    const asked = rule({
      payloadHeader: 'x-payload',
      claimHeaders: [
        { claim: ['sub'], header: 'x-sub' },
        { claim: ['groups'], header: 'x-groups' },
      ],
    });
    const decision = await decide(token(RS256, { ...good, groups: ['a'] }), asked);
    expect(decision.kind === 'accept' && decision.changes).toEqual({
      remove: ['x-payload', 'x-sub', 'x-groups', 'authorization'],
      add: [
        ['x-payload', encode({ ...good, groups: ['a'] })],
        ['x-sub', 'alice'],
        ['x-groups', Buffer.from('["a"]').toString('base64')],
      ],
      path: '/',
    });
    const none = await decide([], asked);
    expect(none.kind === 'accept' && none.changes.remove).toEqual(['x-payload', 'x-sub', 'x-groups']);
  });
});
