import { FunctionError, fixed, type Runtime, type TemplateFunction } from '../../functions.ts';
import { INT, STRING } from '../../type.ts';
import { toBase64 } from './encodings.ts';
import { goInt } from './make.ts';

/** Random bytes, as many as asked for. */
export type Random = (count: number) => Uint8Array;

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const PRINTABLE = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');

/** A number from 0 to below `limit`, each as likely as the others. */
const below = (random: Random, limit: number): number => {
  const drawn = random(6).reduce((value, byte) => value * 256 + byte, 0);
  const fair = 2 ** 48 - (2 ** 48 % limit);
  return drawn < fair ? drawn % limit : below(random, limit);
};

const drawing = (name: string, alphabet: string, random: Random): TemplateFunction =>
  fixed(name, [INT], (count, runtime: Runtime) => {
    const length = Math.max(0, Number(count.value));
    runtime.spend(length);
    return Array.from({ length }, () => alphabet[below(random, alphabet.length)]).join('');
  });

const shuffle = (text: string, random: Random): string => {
  const chars = Array.from(text);
  for (let last = chars.length - 1; last > 0; last--) {
    const other = below(random, last + 1);
    [chars[last], chars[other]] = [chars[other] ?? '', chars[last] ?? ''];
  }
  return chars.join('');
};

const uuid = (bytes: Uint8Array): string => {
  const digits = Array.from(bytes, (byte, at) => {
    const marked = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, '0');
  }).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** sprig's functions that answer something else each time. */
export const randomFunctions = (random: Random): readonly TemplateFunction[] => [
  drawing('randAlphaNum', LETTERS + DIGITS, random),
  drawing('randAlpha', LETTERS, random),
  drawing('randNumeric', DIGITS, random),
  drawing('randAscii', PRINTABLE, random),
  fixed('randBytes', [INT], (count, runtime) => {
    runtime.spend(Math.max(0, Number(count.value)) * 2);
    return toBase64(random(Math.max(0, Number(count.value))));
  }),
  fixed('randInt', [INT, INT], (least, limit) => {
    const range = Number(limit.value - least.value);
    if (range <= 0) throw new FunctionError('invalid argument to Intn');
    return goInt(least.value + BigInt(below(random, range)));
  }),
  fixed('shuffle', [STRING], (text, runtime) => {
    runtime.spend(text.length);
    return shuffle(text, random);
  }),
  fixed('uuidv4', [], () => uuid(random(16))),
];
