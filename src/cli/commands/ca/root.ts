import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { ENVIRONMENT, EXIT_CODES, existingRoot, printRoot } from './authority-state.ts';

export const caRoot = defineCommand({
  summary: 'Prints the root certificate, which is public: what a client of the mesh has to trust.',
  examples: [
    ['heddle ca root > root.pem', 'for curl --cacert root.pem, openssl -CAfile root.pem'],
    ['heddle ca root -o json', 'with fingerprint, trust domain and dates'],
  ],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: EXIT_CODES,
  environment: ENVIRONMENT,
  seeAlso: ['heddle ca inspect'],
  run: async (context) => {
    await printRoot(context, existingRoot(context).certificatePem);
    return EXIT.ok;
  },
});
