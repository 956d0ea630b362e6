/**
 * JSON as Go's encoding/json prints a value: compact, keys as they stand, and `<`, `>`, `&` and the two line
 * separators escaped. A bigint is printed as the integer it is.
 */
export const printGoJson = (value: unknown): string => {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(printGoJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, below]) => `${printText(key)}:${printGoJson(below)}`);
    return `{${entries.join(',')}}`;
  }
  return typeof value === 'string' ? printText(value) : JSON.stringify(value ?? null);
};

const printText = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
