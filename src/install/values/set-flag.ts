import { parsePath, type Step } from './path.ts';

/** One `--set PATH=VALUE`, its path below `spec`. */
export interface Setting {
  readonly path: readonly Step[];
  readonly value: string | number | boolean;
  /** As typed. */
  readonly text: string;
}

/** Settings that are text however they look; of a path that ends in a dot, everything below. */
const TEXTS = [
  'spec.values.compatibilityVersion',
  'spec.tag',
  'spec.values.global.tag',
  'spec.meshConfig.defaultConfig.proxyMetadata.',
  'spec.values.meshConfig.defaultConfig.proxyMetadata.',
  'spec.compatibilityVersion',
];

const INTEGER = /^[+-]?\d+$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['t', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
};

const typed = (text: string): string | number | boolean => {
  if (INTEGER.test(text) || FLOAT.test(text)) return Number(text);
  return (Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined) ?? text.replaceAll('\\,', ',');
};

/**
 * Reads `components.pilot.k8s.replicaCount=2` as istioctl does: what looks like a number or a boolean is one, and `\,` is a
 * comma. Undefined where there is no `=` or no path.
 */
export const parseSetting = (text: string): Setting | undefined => {
  const equals = text.indexOf('=');
  const name = `spec.${text.slice(0, equals).trim()}`;
  if (equals <= 0 || name === 'spec.') return undefined;
  const value = text.slice(equals + 1).trim();
  const isText = TEXTS.some((prefix) => name.startsWith(prefix));
  return { path: parsePath(name), value: isText ? value : typed(value), text };
};
