import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { judgeCertificate } from '../../src/cli/analysis/certificate.ts';

// Valid from 2026-11-23 to 2027-11-23.
const pem = `-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUCg9TGezUfBJ0FoGgneXFaaRsxg4wCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTAeFw0yNjExMjMyMzA4MTJaFw0y
NzExMjMyMzA4MTJaMBsxGTAXBgNVBAMMEHNob3AuZXhhbXBsZS5jb20wWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQkzCSfKWWE2IJPZPEZz8tdauojiD6m8rQAUdrq
NodEl4/x034X0O+ceVj8n2K5nH1p/X7empWqIPyhcj0aa/IJo1MwUTAdBgNVHQ4E
FgQU8phLWPXraGQM5BeUopUc2aclI3MwHwYDVR0jBBgwFoAU8phLWPXraGQM5BeU
opUc2aclI3MwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBaR7Mh
ICYw9W5DIDexE/fO3pJEFyUSEn9mRar8m6/k4gIhAPEWHho+kj/YPwy3cNH3gfIZ
ME7CzNjHOxfc7fX7ZtjP
-----END CERTIFICATE-----
`;

const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);

const gateway = (certificate: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 443, name: https, protocol: HTTPS}
      tls: {mode: SIMPLE, credentialName: shop}
      hosts: [shop.example.com]
---
apiVersion: v1
kind: Secret
metadata: {name: shop, namespace: istio-system}
data: {tls.crt: ${Buffer.from(certificate).toString('base64')}, tls.key: c2VjcmV0}
`;

const messages = async (text: string, day: string): Promise<readonly string[]> => {
  const { input } = await loadInput([{ name: 'a.yaml', text }], {
    judgeCertificate: (one) => judgeCertificate(one, at(day)),
  });
  const checks = CHECKS.filter(({ name }) => name.startsWith('gateway.'));
  return runChecks(checks, input).map(({ code, message, span }) => `${code} ${span.line} ${message}`);
};

describe('the certificate of a credential', () => {
  it('is fine while it is valid', () => {
    expect(judgeCertificate(pem, at('2026-12-23'))).toBeUndefined();
  });

  it('is reported before and after that, with the day', () => {
    expect(judgeCertificate(pem, at('2027-11-24'))).toBe('it expired on 2027-11-23');
    expect(judgeCertificate(pem, at('2026-11-22'))).toBe('it is not valid before 2026-11-23');
  });

  it('is reported when it is none', () => {
    expect(judgeCertificate('hush', at('2026-12-23'))).toBe('the certificate cannot be read');
  });

  it('is judged where a Gateway names it', async () => {
    expect(await messages(gateway(pem), '2026-12-23')).toEqual([]);
    expect(await messages(gateway(pem), '2027-11-24')).toEqual([
      'IST0161 9 credential istio-system/shop of Gateway front holds no valid certificate: it expired on 2027-11-23',
    ]);
  });
});

describe('a Gateway without pods', () => {
  it('is reported once, though two checks look for its pods', async () => {
    const text = gateway(pem).replace('istio: ingressgateway', 'app: edge');
    expect(await messages(text, '2026-12-23')).toEqual(['IST0101 6 referenced selector not found: "app=edge"']);
  });
});
