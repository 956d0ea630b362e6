import { parseCidr } from '../../../base/cidr.ts';
import { fromBytes } from '../../bytes.ts';
import { printValue } from '../../fmt/printer.ts';
import { FunctionError, fixed, type TemplateFunction } from '../../functions.ts';
import { ANY_SLICE, type GoType, INT, STRING } from '../../type.ts';
import { type GoInt, type GoSlice, GoStruct, type GoValue } from '../../value.ts';
import { orElse } from '../or-else.ts';
import { readBase64 } from './encodings.ts';
import type { Random } from './random.ts';

export type KeyKind = 'rsa' | 'dsa' | 'ecdsa' | 'ed25519';

/** A certificate to be made. Keys and certificates are PEM. */
export interface CertificateRequest {
  readonly serial: Uint8Array;
  readonly commonName: string;
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isAuthority: boolean;
  /** The private key of its owner. */
  readonly key: string;
  /** Who signs; itself where absent. */
  readonly issuer?: { readonly certificate: string; readonly key: string };
}

/** Makes keys and certificates; what fails at it throws an Error whose message says why. */
export interface CertificateMaker {
  /** A private key in PEM: PKCS #1 for "rsa", SEC 1 on P-256 for "ecdsa", PKCS #8 for "ed25519". */
  readonly generateKey: (kind: KeyKind, bits: number) => string;
  /** What keeps a text from being a private key in PEM. */
  readonly keyProblem: (pem: string) => string | undefined;
  /** What keeps a text in PEM from being a certificate. */
  readonly certificateProblem: (pem: string) => string | undefined;
  readonly certify: (request: CertificateRequest) => string;
}

interface Certificate {
  readonly Cert: string;
  readonly Key: string;
}

const CERTIFICATE: GoType<GoStruct> = {
  kind: 'struct',
  name: 'sprig.certificate',
  fields: [
    { name: 'Cert', type: STRING },
    { name: 'Key', type: STRING },
  ],
};

const goCertificate = ({ Cert, Key }: Certificate): GoStruct =>
  new GoStruct(CERTIFICATE, (field) => (field === 'Cert' ? Cert : Key));

const KEY_KINDS: readonly string[] = ['rsa', 'dsa', 'ecdsa', 'ed25519'] satisfies readonly KeyKind[];
const isKeyKind = (kind: string): kind is KeyKind => KEY_KINDS.includes(kind);

const DAY = 24 * 60 * 60 * 1000;

const isPem = (text: string): boolean => /^-----BEGIN [^-]*-----$[\s\S]*?^-----END [^-]*-----\s*$/m.test(text);

const textsOf = (list: GoSlice, words: (item: string) => string): readonly string[] =>
  (list.items ?? []).map((item) => {
    if (typeof item === 'string') return item;
    throw new FunctionError(words(printValue(item)));
  });

const addressesOf = (list: GoSlice): readonly Uint8Array[] =>
  textsOf(list, (item) => `error parsing ip: ${item} is not a string`).map((text) => {
    const address = text.includes('/') ? undefined : parseCidr(text);
    if (address === undefined) throw new FunctionError(`error parsing ip: ${text}`);
    const digits = address.network.toString(16).padStart(address.family === 4 ? 8 : 32, '0');
    return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  });

const namesOf = (list: GoSlice): readonly string[] =>
  textsOf(list, (item) => `error processing alternate dns name: ${item} is not a string`);

/** Runs what may fail with an Error, whose message is put into Go's words. */
const attempt = <T>(work: () => T, words: string): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof FunctionError || !(error instanceof Error)) throw error;
    throw new FunctionError(`${words}: ${error.message}`);
  }
};

const refuse = (problem: string | undefined, words: string): void => {
  if (problem !== undefined) throw new FunctionError(`${words}: ${problem}`);
};

/** sprig's functions that make keys and certificates. */
export const certificateFunctions = (
  maker: CertificateMaker,
  random: Random,
  now: () => number,
): readonly TemplateFunction[] => {
  const newKey = (): string => maker.generateKey('rsa', 2048);
  const givenKey = (pem: string): string => {
    refuse(maker.keyProblem(pem), 'parsing private key');
    return pem;
  };
  const make = (
    commonName: string,
    addresses: readonly Uint8Array[],
    names: readonly string[],
    days: GoInt,
    key: string,
    rest: Pick<CertificateRequest, 'isAuthority' | 'issuer'>,
  ): GoStruct => {
    const notBefore = now();
    const notAfter = notBefore + Number(days.value) * DAY;
    const request = { serial: random(16), commonName, addresses, names, notBefore, notAfter, key, ...rest };
    return goCertificate({ Cert: attempt(() => maker.certify(request), 'error creating certificate'), Key: key });
  };
  const authority = (name: string, days: GoInt, key: string): GoStruct =>
    make(name, [], [], days, key, { isAuthority: true });
  const own = (name: string, ips: GoSlice, names: GoSlice, days: GoInt, key: string): GoStruct =>
    make(name, addressesOf(ips), namesOf(names), days, key, { isAuthority: false });
  const signed = (name: string, ips: GoSlice, names: GoSlice, days: GoInt, ca: GoStruct, key: string): GoStruct => {
    const issuer = { certificate: String(ca.read('Cert')), key: String(ca.read('Key')) };
    if (!isPem(issuer.certificate)) throw new FunctionError('unable to decode certificate');
    refuse(maker.certificateProblem(issuer.certificate), 'error parsing certificate: decodedSignerCert.Bytes');
    refuse(maker.keyProblem(issuer.key), 'error parsing private key');
    return make(name, addressesOf(ips), namesOf(names), days, key, { isAuthority: false, issuer });
  };
  return [
    fixed('genPrivateKey', [STRING], (kind): GoValue => {
      const wanted = kind === '' ? 'rsa' : kind;
      return isKeyKind(wanted) ? maker.generateKey(wanted, wanted === 'dsa' ? 2048 : 4096) : `Unknown type ${kind}`;
    }),
    fixed('genCA', [STRING, INT], (name, days) => authority(name, days, newKey())),
    fixed('genCAWithKey', [STRING, INT, STRING], (name, days, key) => authority(name, days, givenKey(key))),
    fixed('genSelfSignedCert', [STRING, ANY_SLICE, ANY_SLICE, INT], (name, ips, names, days) =>
      own(name, ips, names, days, newKey()),
    ),
    fixed('genSelfSignedCertWithKey', [STRING, ANY_SLICE, ANY_SLICE, INT, STRING], (name, ips, names, days, key) =>
      own(name, ips, names, days, givenKey(key)),
    ),
    fixed('genSignedCert', [STRING, ANY_SLICE, ANY_SLICE, INT, CERTIFICATE], (name, ips, names, days, ca) =>
      signed(name, ips, names, days, ca, newKey()),
    ),
    fixed(
      'genSignedCertWithKey',
      [STRING, ANY_SLICE, ANY_SLICE, INT, CERTIFICATE, STRING],
      (name, ips, names, days, ca, key) => signed(name, ips, names, days, ca, givenKey(key)),
    ),
    fixed('buildCustomCert', [STRING, STRING], (cert, key) => {
      const read = (text: string, what: string): string =>
        orElse(
          () => fromBytes(readBase64(text)),
          () => {
            throw new FunctionError(`unable to decode base64 ${what}`);
          },
        );
      const Cert = read(cert, 'certificate');
      const Key = read(key, 'private key');
      if (!isPem(Cert)) throw new FunctionError('unable to decode certificate');
      refuse(maker.certificateProblem(Cert), 'error parsing certificate: decodedCert.Bytes');
      refuse(maker.keyProblem(Key), 'error parsing private key');
      return goCertificate({ Cert, Key });
    }),
  ];
};
