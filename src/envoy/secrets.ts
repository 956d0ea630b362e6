import { at, type JsonObject, listAt, textAt } from './json.ts';
import type { SummaryTable } from './table.ts';

/** What a table says of a certificate; reading one is left to who has a library for it. */
export interface CertificateFacts {
  readonly isCa: boolean;
  /** Lower case, 32 digits at least. */
  readonly serialHex: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of its SPIFFE id; empty where it has none. */
  readonly trustDomain: string;
}

/** Reads the first certificate of a PEM text; undefined where it is none. */
export type ReadCertificate = (pem: string) => CertificateFacts | undefined;

interface SecretRow {
  readonly name: string;
  readonly state: string;
  /** Known beforehand where a validator lists a bundle per trust domain. */
  readonly trustDomain: string;
  readonly pem: string;
}

const SPIFFE_VALIDATOR = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig';

const inlineText = (source: unknown): string => Buffer.from(textAt(source, 'inline_bytes'), 'base64').toString('utf8');

const bundlesOf = (secret: unknown, state: string): readonly SecretRow[] | undefined => {
  const config = at(secret, 'validation_context', 'custom_validator_config', 'typed_config');
  if (textAt(config, '@type') !== SPIFFE_VALIDATOR) return undefined;
  return listAt(config, 'trust_domains').map((domain) => ({
    name: textAt(secret, 'name'),
    state,
    trustDomain: textAt(domain, 'name'),
    pem: inlineText(at(domain, 'trust_bundle')),
  }));
};

const rowsOf = (item: unknown, state: string): readonly SecretRow[] => {
  const secret = at(item, 'secret');
  const chain = inlineText(at(secret, 'tls_certificate', 'certificate_chain'));
  const pem = chain || inlineText(at(secret, 'validation_context', 'trusted_ca'));
  const bundles = pem === '' ? bundlesOf(secret, state) : undefined;
  return bundles ?? [{ name: textAt(item, 'name'), state, trustDomain: '', pem }];
};

const instant = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

const cellsOf = (row: SecretRow, facts: CertificateFacts | undefined, nowMs: number): readonly string[] => {
  if (facts === undefined) return [row.name, '', row.state, 'false', '', '', ''];
  const { isCa, serialHex, notAfterMs, notBeforeMs } = facts;
  const isValid = nowMs > notBeforeMs && nowMs < notAfterMs;
  const type = isCa ? 'CA' : 'Cert Chain';
  return [row.name, type, row.state, String(isValid), serialHex, instant(notAfterMs), instant(notBeforeMs)];
};

/**
 * One row a secret of a SecretsConfigDump, warming ones first; undefined where there is none. The trust domain has a
 * column when every secret has one. `named` puts the kind before the name.
 */
export const secretTable = (
  section: JsonObject,
  {
    named,
    nowMs,
    readCertificate,
  }: { readonly named: boolean; readonly nowMs: number; readonly readCertificate: ReadCertificate },
): SummaryTable | undefined => {
  const found = [
    ...listAt(section, 'dynamic_warming_secrets').flatMap((item) => rowsOf(item, 'WARMING')),
    ...listAt(section, 'dynamic_active_secrets').flatMap((item) => rowsOf(item, 'ACTIVE')),
  ];
  if (found.length === 0) return undefined;
  const rows = found.map((row) => {
    const facts = row.pem === '' ? undefined : readCertificate(row.pem);
    const shown = named ? { ...row, name: `secret/${row.name}` } : row;
    const domain = facts === undefined ? '' : row.trustDomain || facts.trustDomain;
    return { cells: cellsOf(shown, facts, nowMs), domain };
  });
  const hasDomains = rows.every(({ domain }) => domain !== '');
  const headers = ['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'];
  return {
    headers: hasDomains ? [...headers, 'TRUST DOMAIN'] : headers,
    rows: rows.map(({ cells, domain }) => (hasDomains ? [...cells, domain] : cells)),
    gap: 5,
  };
};

const activeSecret = (section: JsonObject, name: string): unknown =>
  at(
    listAt(section, 'dynamic_active_secrets').find((item) => textAt(item, 'name') === name),
    'secret',
  );

/** The PEM text of the root certificates a proxy trusts for its mesh; empty where the dump has none. */
export const rootCertificatesOf = (section: JsonObject): string => {
  const source = at(activeSecret(section, 'ROOTCA'), 'validation_context', 'trusted_ca');
  return inlineText(source) || textAt(source, 'inline_string');
};

/** The PEM text of the certificates a proxy shows to its mesh, its own first; empty where the dump has none. */
export const workloadChainOf = (section: JsonObject): string => {
  const source = at(activeSecret(section, 'default'), 'tls_certificate', 'certificate_chain');
  return inlineText(source) || textAt(source, 'inline_string');
};
