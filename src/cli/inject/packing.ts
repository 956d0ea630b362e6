import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Packing } from '../../inject/keep-original.ts';

/** Far more than a document may have. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Deflated texts in base64, and the head of SHA-256. */
export const PACKING: Packing = {
  pack: (text) => deflateRawSync(Buffer.from(text, 'utf8')).toString('base64'),
  unpack: (word) => {
    try {
      return inflateRawSync(Buffer.from(word, 'base64'), { maxOutputLength: MAX_BYTES }).toString('utf8');
    } catch {
      return undefined;
    }
  },
  digest: (text) => createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16),
};
