import { openAuthority, readRoot } from '../../../ca/store.ts';
import { defineCommand, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { clock, ENVIRONMENT, EXIT_CODES, printRoot, stateDirOf } from './authority-state.ts';

const DEFAULT_TRUST_DOMAIN = 'cluster.local';

export const caInit = defineCommand({
  summary: 'Makes the certificate authority of this state directory, once, and prints its root certificate.',
  examples: [
    ['heddle ca init', 'for the trust domain cluster.local'],
    ['heddle ca init --trust-domain td.example', 'for another one'],
  ],
  options: { trustDomain: text('--trust-domain <name>', `trust domain, ${DEFAULT_TRUST_DOMAIN} unless given`) },
  formats: ['text', 'json', 'yaml'],
  exitCodes: EXIT_CODES,
  environment: ENVIRONMENT,
  notes: ['A root that is there already stays; asking for another trust domain than its own is an error.'],
  seeAlso: ['heddle ca root', 'heddle ca issue'],
  run: async (context, _args, { trustDomain: asked }) => {
    const stateDir = stateDirOf(context);
    const trustDomain = asked ?? readRoot(stateDir)?.trustDomain ?? DEFAULT_TRUST_DOMAIN;
    const { rootPem } = await openAuthority({ stateDir, trustDomain, clock });
    await printRoot(context, rootPem);
    return EXIT.ok;
  },
});
