import { stringify } from 'yaml';

/**
 * Block-style YAML of a JSON-like value for `-o yaml`, ending with a line feed. Words that YAML 1.1 readers such as
 * kubectl take for booleans or numbers are quoted. Kept apart from loading because the `yaml` package is slow to import.
 */
export const printYaml = (value: unknown): string =>
  stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
