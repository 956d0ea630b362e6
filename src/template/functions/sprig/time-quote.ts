import { toBytes } from '../../bytes.ts';

/** A text as package time quotes it in its errors: whatever is not printable ASCII byte by byte. */
export const quoteForTime = (text: string): string => {
  const quoted = Array.from(toBytes(text), (byte) => {
    if (byte < 0x20 || byte >= 0x80) return `\\x${byte.toString(16).padStart(2, '0')}`;
    const char = String.fromCharCode(byte);
    return char === '"' || char === '\\' ? `\\${char}` : char;
  });
  return `"${quoted.join('')}"`;
};
