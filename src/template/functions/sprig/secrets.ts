import { FunctionError, type TemplateFunction, variadic } from '../../functions.ts';
import { ANY } from '../../type.ts';

const NAMES = [
  ...['bcrypt', 'htpasswd', 'derivePassword', 'encryptAES', 'decryptAES'],
  ...['genPrivateKey', 'genCA', 'genCAWithKey', 'buildCustomCert'],
  ...['genSelfSignedCert', 'genSelfSignedCertWithKey', 'genSignedCert', 'genSignedCertWithKey'],
];

/**
 * sprig's functions that make keys, certificates and password hashes. heddle refuses them: what they make differs from run
 * to run and would stand in manifests that are kept and compared.
 */
export const secretFunctions: readonly TemplateFunction[] = NAMES.map((name) =>
  variadic(name, [], ANY, () => {
    throw new FunctionError(
      'heddle makes no keys, certificates or password hashes: make them once and pass them as values',
    );
  }),
);
