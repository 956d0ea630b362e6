import type { StringMatcher } from './tables.ts';

/** Whether one value satisfies a matcher. */
export const matchesString = (matcher: StringMatcher, value: string): boolean => {
  switch (matcher.kind) {
    case 'exact':
      return value === matcher.value;
    case 'prefix':
      return value.startsWith(matcher.value);
    case 'suffix':
      return value.endsWith(matcher.value);
    case 'contains':
      return value.includes(matcher.value);
    case 'segment-prefix': {
      const prefix = matcher.value;
      return value.startsWith(prefix) && (value.length === prefix.length || value.charCodeAt(prefix.length) === 0x2f);
    }
    case 'regex':
      return matcher.test(value);
    case 'present':
      return true;
  }
};
