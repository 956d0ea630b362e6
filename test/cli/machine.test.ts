import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MACHINE } from '../../src/cli/machine/machine.ts';
import { sprigFunctions } from '../../src/template/functions/sprig.ts';
import { functionTable } from '../../src/template/functions.ts';
import { createTemplates, parseTemplate, render } from '../../src/template/template.ts';
import { fromPlain } from '../../src/template/value.ts';

const NOON = Date.UTC(2049, 11, 31, 12);
const DAY = 86_400_000;

const run = (template: string, data: unknown = {}, random = MACHINE.random): string => {
  const functions = functionTable(sprigFunctions({ ...MACHINE, random, now: () => NOON }));
  const set = createTemplates('t', { functions });
  const refused = parseTemplate(set, 't', template);
  if (refused !== undefined) return refused;
  const rendering = render(set, 't', fromPlain(data));
  return 'error' in rendering ? rendering.error : rendering.output;
};

const zeros = (count: number): Uint8Array => new Uint8Array(count);

describe('sprig on this machine', () => {
  it('derives passwords as Master Password does', () => {
    // As sprig 3.3 derives them.
    const derived = ['long', 'maximum', 'medium', 'short', 'basic', 'pin', 'x'].map((kind) =>
      run(`{{ derivePassword 1 "${kind}" "password" "user" "example.com" }}`),
    );
    expect(derived).toEqual([
      'ZedaFaxcZaso9*',
      'pf4zS1LjCg&LjhsZ7T2~',
      'ZedJuz8$',
      'Zed5',
      'pIS54PLs',
      '6685',
      'cannot find password template x',
    ]);
  });

  it('hashes passwords with bcrypt', () => {
    // Go's bcrypt takes this one for "hello".
    expect(run('{{ bcrypt "hello" }}', {}, zeros)).toBe('$2a$10$......................XU8f/mEvQ1skCJ77497QrBjPb3Ajnqy');
    expect(run('{{ htpasswd "a:b" "x" }}|{{ htpasswd "me" "x" }}')).toMatch(
      /^invalid username: a:b\|me:\$2a\$10\$.{53}$/,
    );
    expect(run(`{{ bcrypt (repeat 73 "x") }}`)).toBe(
      'failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes',
    );
  });

  it('encrypts what it decrypts', () => {
    expect(run('{{ encryptAES "secretkey" "plaintext" | decryptAES "secretkey" }}{{ encryptAES "k" "" }}')).toBe(
      'plaintext',
    );
    // Of sprig's own tests.
    expect(run('{{ decryptAES "secretkey" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=" }}')).toBe('plaintext');
    expect(run('{{ decryptAES "k" "AAAA" }}')).toContain('slice bounds out of range');
    expect(run('{{ decryptAES "k" "!" }}')).toContain('illegal base64 data at input byte 0');
  });

  it.each(['rsa', 'dsa', 'ecdsa', 'ed25519'])('makes private keys: %s', { timeout: 120_000 }, (kind) => {
    const key = createPrivateKey(run(`{{ genPrivateKey "${kind}" }}`));
    expect(key.asymmetricKeyType).toBe(kind === 'ecdsa' ? 'ec' : kind);
  });

  it('makes an authority, and certificates that it signed', { timeout: 120_000 }, () => {
    const [ca = '', cert = '', key = ''] = run(
      '{{ $ca := genCA "foo ca" 365 }}{{ $c := genSignedCert "foo_é.com" (list "10.0.0.1" "::1") (list "a.com" "*.b.com") 1 $ca }}' +
        '{{ $ca.Cert }}|{{ $c.Cert }}|{{ $c.Key }}',
    ).split('|');
    const [authority, signed] = [new X509Certificate(ca), new X509Certificate(cert)];
    expect(authority.ca).toBe(true);
    expect([signed.subject, signed.issuer, signed.ca]).toEqual(['CN=foo_é.com', 'CN=foo ca', false]);
    expect(signed.subjectAltName).toBe('DNS:a.com, DNS:*.b.com, IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(signed.verify(authority.publicKey) && signed.checkIssued(authority)).toBe(true);
    expect(signed.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect([Date.parse(signed.validFrom), Date.parse(signed.validTo)]).toEqual([NOON, NOON + DAY]);
  });

  it.each(['ecdsa', 'ed25519'])('signs with keys that are given: %s', (kind) => {
    const cert = run(`{{ (genSelfSignedCertWithKey "me" nil nil 7 (genPrivateKey "${kind}")).Cert }}`);
    const certificate = new X509Certificate(cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it('takes certificates that are given, with their keys', () => {
    const given = '{{ $c := genSelfSignedCertWithKey "me" nil nil 7 (genPrivateKey "ecdsa") }}';
    expect(run(`${given}{{ eq (buildCustomCert (b64enc $c.Cert) (b64enc $c.Key)) $c }}`)).toBe('true');
    expect(run(`${given}{{ buildCustomCert (b64enc $c.Key) (b64enc $c.Key) }}`)).toContain('error parsing certificate');
    expect(run('{{ buildCustomCert "!" "" }}')).toContain('unable to decode base64 certificate');
  });

  it.each([
    ['{{ genSelfSignedCert "x" (list 1) nil 1 }}', 'error parsing ip: 1 is not a string'],
    ['{{ genSelfSignedCert "x" (list "a") nil 1 }}', 'error parsing ip: a'],
    ['{{ genSelfSignedCert "x" nil (list 1.5) 1 }}', 'error processing alternate dns name: 1.5 is not a string'],
    ['{{ genCAWithKey "x" 1 "no key" }}', 'parsing private key: no PEM data in input'],
    ['{{ genPrivateKey "x" }}', 'Unknown type x'],
    ['{{ genSignedCert "x" nil nil 1 "ca" }}', `can't handle "ca" for arg of type sprig.certificate`],
  ])('says what is wrong: %s', { timeout: 60_000 }, (template, words) => {
    expect(run(template)).toContain(words);
  });

  it('refuses where there is none', () => {
    const functions = functionTable(sprigFunctions({ now: MACHINE.now, localZone: MACHINE.localZone, random: zeros }));
    const set = createTemplates('t', { functions });
    parseTemplate(set, 't', '{{ genPrivateKey "rsa" }}');
    expect(render(set, 't', null)).toMatchObject({ error: expect.stringContaining('there is no cryptography') });
  });
});
