import type { GatewayServerTls } from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';

const CIPHER_SUITES: ReadonlySet<string> = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
]);

/** Operators of OpenSSL's cipher strings (`!aNULL`, `-RC4`) and `ALL` are not looked into. */
const isKnownCipher = (name: string): boolean =>
  name === '' || name === 'ALL' || !/^[\p{L}\p{N}]/u.test(name) || CIPHER_SUITES.has(name);

const reviewCiphers = (tls: GatewayServerTls, review: Review): void => {
  const suites = tls.cipherSuites ?? [];
  const isOld = tls.minProtocolVersion === 'TLSV1_0' || tls.minProtocolVersion === 'TLSV1_1';
  if (isOld && suites.length === 0) {
    const message = 'TLS below 1.2 needs cipherSuites: the defaults hold none for it';
    review.warn(message, [tls, 'minProtocolVersion']);
  }
  const unknown = suites.findIndex((suite) => !isKnownCipher(suite));
  if (unknown >= 0) {
    const names = [...new Set(suites.filter((suite) => !isKnownCipher(suite)))].sort();
    review.warn(`cipher suites that do not exist are ignored: ${names.join(', ')}`, [suites, unknown]);
  }
  const seen = new Set<string>();
  const repeated = suites.findIndex((suite) => {
    const isRepeated = seen.has(suite);
    seen.add(suite);
    return isRepeated && isKnownCipher(suite);
  });
  if (repeated >= 0) review.warnRepeated(`cipher suite ${suites[repeated]} is named twice`, [suites, repeated]);
};

/** Every way to name a certificate, a key or a CA. */
const CERTIFICATE_FIELDS = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'caCrl',
  'tlsCertificates',
  'credentialName',
  'credentialNames',
] as const;

const isSet = (tls: GatewayServerTls, key: (typeof CERTIFICATE_FIELDS)[number]): boolean => (tls[key] ?? '').length > 0;

/** TLS of a server; `holder` is what has the `tls` field. */
export const reviewServerTls = (holder: object, tls: GatewayServerTls | undefined, review: Review): void => {
  if (tls === undefined) return;
  reviewCiphers(tls, review);
  const mode = tls.mode ?? 'PASSTHROUGH';
  const used = CERTIFICATE_FIELDS.filter((key) => isSet(tls, key));
  if (mode === 'ISTIO_MUTUAL') {
    for (const key of used) {
      if (key !== 'caCrl') review.refuse(`TLS mode ISTIO_MUTUAL excludes ${key}`, [tls, key, 'key']);
    }
    return;
  }
  if ((mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') && used[0] !== undefined) {
    review.warn(`TLS mode ${mode} uses no certificates: ${used.join(', ')} have no effect`, [tls, used[0], 'key']);
  }
  const sources = [
    isSet(tls, 'serverCertificate') && isSet(tls, 'privateKey'),
    isSet(tls, 'credentialName'),
    isSet(tls, 'credentialNames'),
    isSet(tls, 'tlsCertificates'),
  ];
  if (sources.filter(Boolean).length > 1) {
    const message = 'only one of credentialName, credentialNames, tlsCertificates and serverCertificate may be set';
    review.refuse(message, [holder, 'tls', 'key']);
  }
  const needsCertificate = mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
  if (needsCertificate && (isSet(tls, 'credentialName') || isSet(tls, 'credentialNames'))) return;
  if (needsCertificate) reviewFiles(holder, tls, mode, review);
  reviewCrl(tls, review);
};

const reviewFiles = (holder: object, tls: GatewayServerTls, mode: string, review: Review): void => {
  if (mode !== 'SIMPLE' && !isSet(tls, 'caCertificates')) {
    review.refuse(`TLS mode ${mode} needs caCertificates to verify clients with`, [tls, 'mode']);
  }
  const listed = tls.tlsCertificates ?? [];
  if (listed.length > 2) review.warn('a server can have at most two certificates', [tls, 'tlsCertificates', 'key']);
  for (const certificate of listed.length > 0 ? listed : [tls]) {
    const at = certificate === tls ? ([holder, 'tls', 'key'] as const) : ([certificate] as const);
    if ((certificate.serverCertificate ?? '') === '') {
      const hint = certificate === tls ? 'name a Secret with credentialName' : undefined;
      review.refuse(`TLS mode ${mode} needs a serverCertificate`, at, hint);
    }
    if ((certificate.privateKey ?? '') === '') review.refuse(`TLS mode ${mode} needs a privateKey`, at);
  }
};

const reviewCrl = (tls: GatewayServerTls, review: Review): void => {
  if (!isSet(tls, 'caCrl')) return;
  if (isSet(tls, 'credentialName')) {
    review.refuse('with credentialName the CRL belongs into the credential', [tls, 'caCrl', 'key']);
  }
  if (tls.mode === 'SIMPLE') review.refuse('a CRL has no use where clients show no certificate', [tls, 'caCrl', 'key']);
};
