import { Document, visit } from 'yaml';
import { resolvePlain } from './scalar.ts';

// Characters that readers refuse or take for line breaks when they stand in a text as they are.
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;
const UNPRINTABLES = new RegExp(UNPRINTABLE, 'g');

// Base-60 numbers and dates: text to Kubernetes, but not to every reader of YAML 1.1.
const SEXAGESIMAL_OR_DATE = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+|^[0-9]{4}-[0-9]/;

const needsQuotes = (text: string): boolean =>
  text === '<<' || resolvePlain(text) !== text || UNPRINTABLE.test(text) || SEXAGESIMAL_OR_DATE.test(text);

const escapeCharacter = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Block-style YAML of a JSON-like value for `-o yaml`, ending with a line feed; what is printed loads as the same value
 * here and in kubectl, so texts such as `yes` or `0o14` come out quoted. Kept apart from loading because the `yaml`
 * package is slow to import.
 */
export const printYaml = (value: unknown): string => {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && needsQuotes(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replaceAll(UNPRINTABLES, escapeCharacter);
};
