import type { TemplateFunction } from '../functions.ts';
import { dateFunctions, type TimePort } from './sprig/dates.ts';
import { defaultFunctions } from './sprig/defaults.ts';
import { dictFunctions } from './sprig/dicts.ts';
import { encodingFunctions } from './sprig/encodings.ts';
import { hashFunctions } from './sprig/hashes.ts';
import { jsonFunctions } from './sprig/json.ts';
import { listFunctions } from './sprig/lists.ts';
import { networkFunctions } from './sprig/network.ts';
import { numberFunctions } from './sprig/numbers.ts';
import { pathFunctions } from './sprig/paths.ts';
import { type Random, randomFunctions } from './sprig/random.ts';
import { reflectionFunctions } from './sprig/reflection.ts';
import { regexFunctions } from './sprig/regex.ts';
import { type Cryptography, secretFunctions } from './sprig/secrets.ts';
import { stringFunctions } from './sprig/strings.ts';
import { versionFunctions } from './sprig/versions.ts';
import { wordFunctions } from './sprig/words.ts';

/** Time and chance, which a pure room is given, and cryptography; without it, what needs it refuses. */
export interface SprigPlatform extends TimePort {
  readonly random: Random;
  readonly cryptography?: Cryptography;
}

/**
 * sprig 3.3, without `env` and `expandenv`: helm takes them away and Istio's injector has its own. Names are not looked up
 * in DNS.
 */
export const sprigFunctions = (platform: SprigPlatform): readonly TemplateFunction[] => [
  ...stringFunctions,
  ...wordFunctions,
  ...numberFunctions,
  ...listFunctions,
  ...dictFunctions,
  ...defaultFunctions,
  ...reflectionFunctions,
  ...jsonFunctions,
  ...encodingFunctions,
  ...hashFunctions,
  ...regexFunctions,
  ...pathFunctions,
  ...versionFunctions,
  ...networkFunctions,
  ...dateFunctions(platform),
  ...randomFunctions(platform.random),
  ...secretFunctions(platform.random, platform.now, platform.cryptography),
];
