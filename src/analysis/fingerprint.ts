import type { Finding } from './finding.ts';

const FNV_PRIME = 0x01000193;

const fnv1a = (text: string, seed: number): string => {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return (hash >>> 0).toString(16).padStart(8, '0');
};

/**
 * Sixteen hex digits that stay the same when lines move: from code, object and message, not from the place. Two equal
 * findings about one object have the same; it is no secret and no proof.
 */
export const fingerprintOf = ({ code, origin, message }: Pick<Finding, 'code' | 'origin' | 'message'>): string => {
  const text = JSON.stringify([code, origin, message]);
  return fnv1a(text, 0x811c9dc5) + fnv1a(text, 0x9747b28c);
};
