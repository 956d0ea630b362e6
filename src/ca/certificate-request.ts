// Loads the X.509 library, as `mint` does, which alone imports this file.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, type PublicKey, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { Fault } from '../base/fault.ts';

const REQUEST = /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----[^-]+-----END (NEW )?CERTIFICATE REQUEST-----\s*$/;
const CURVES: readonly unknown[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const MIN_RSA_BITS = 2_048;
/** Longer ones cost their verifiers more than they are worth. */
const MAX_RSA_BITS = 8_192;

const refused = (reason: string, cause?: unknown): Fault =>
  new Fault(`the certificate request ${reason}`, { kind: 'input', code: 'CA_BAD_REQUEST', cause });

const decode = (pem: string): Pkcs10CertificateRequest => {
  if (!REQUEST.test(pem)) throw refused('is not one PEM block "CERTIFICATE REQUEST"');
  try {
    return new Pkcs10CertificateRequest(pem);
  } catch (cause) {
    throw refused('cannot be decoded', cause);
  }
};

const isAccepted = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean => {
  if (asymmetricKeyType === 'ec') return CURVES.includes(asymmetricKeyDetails?.namedCurve);
  if (asymmetricKeyType !== 'rsa') return asymmetricKeyType === 'ed25519';
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
};

const assertKey = (key: PublicKey): void => {
  let decoded: KeyObject;
  try {
    decoded = createPublicKey({ key: Buffer.from(key.rawData), format: 'der', type: 'spki' });
  } catch (cause) {
    throw refused('has a key that cannot be decoded', cause);
  }
  if (!isAccepted(decoded)) throw refused('has a key that is neither ECDSA, RSA of 2048 to 8192 bits nor Ed25519');
};

/** Who has no private key could have another's key certified as its own. */
const isSignedByItsKey = async (request: Pkcs10CertificateRequest): Promise<boolean> => {
  try {
    return await request.verify();
  } catch {
    return false;
  }
};

/**
 * The public key of a certificate request that is signed by that key. URI names in it have to be the id that the
 * certificate will have; whatever else it asks for is left out of the certificate, as istiod leaves it out.
 */
export const keyOfRequest = async (pem: string, spiffeId: string): Promise<PublicKey> => {
  const request = decode(pem);
  assertKey(request.publicKey);
  if (!(await isSignedByItsKey(request))) throw refused('is not signed by its own key');
  const names = request.extensions.flatMap((extension) =>
    extension instanceof SubjectAlternativeNameExtension ? extension.names.items : [],
  );
  const foreign = names.find(({ type, value }) => type === 'url' && value !== spiffeId);
  if (foreign === undefined) return request.publicKey;
  throw new Fault(`the certificate request asks for ${foreign.value.slice(0, 200)}, not for ${spiffeId}`, {
    kind: 'denied',
    code: 'CA_FOREIGN_IDENTITY',
  });
};
