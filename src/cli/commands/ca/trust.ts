import { defineCommand } from '../../command.ts';
import { changeTrust, TRUST_OPTIONS } from '../../trust/change-trust.ts';
import { ENVIRONMENT, EXIT_CODES } from './authority-state.ts';

export const caTrust = defineCommand({
  summary: 'Makes programs of this machine trust the root of the mesh. Nothing does so by itself.',
  examples: [
    ['heddle ca trust --dry-run', 'which stores that would change'],
    ['heddle ca trust --no-system --store ./authorities', 'a directory, and the browsers of this user'],
  ],
  options: TRUST_OPTIONS,
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 1: 'not confirmed, or there is no root yet', ...EXIT_CODES, 77: 'a store cannot be changed' },
  environment: { ...ENVIRONMENT, HOME: 'where the stores of browsers are looked for' },
  notes: [
    'Every store and every change of it is named before anything is done, which is asked for unless --yes.',
    'Whoever has the key of a trusted root can stand for any site to this machine. For one program, heddle ca root and its --cacert will do.',
  ],
  seeAlso: ['heddle ca root'],
  run: (context, _args, options) => changeTrust(context, 'trust', options),
});
