import { randomBytes } from 'node:crypto';
import type { SprigPlatform } from '../../template/functions/sprig.ts';
import { CRYPTOGRAPHY } from './cryptography.ts';

/** Time, chance and cryptography of this machine, for the functions of templates. */
export const MACHINE: SprigPlatform = {
  now: Date.now,
  localZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  random: (count) => randomBytes(count),
  cryptography: CRYPTOGRAPHY,
};
