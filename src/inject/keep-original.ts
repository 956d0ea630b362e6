/** How a text becomes one word and back; compression and digests are the caller's. */
export interface Packing {
  /** One word without white space. */
  readonly pack: (text: string) => string;
  /** Undefined for a word that `pack` did not make. */
  readonly unpack: (word: string) => string | undefined;
  /** A short fingerprint. */
  readonly digest: (text: string) => string;
}

const MARK = '# heddle inject: original';

/** A document as it is now, behind a comment that holds what it was and tells whether it has been edited since. */
export const keepOriginal = (now: string, original: string, { pack, digest }: Packing): string =>
  `${MARK} ${digest(now)} ${pack(original)}\n${now}`;

const KEPT = new RegExp(`^${MARK} (\\S+) (\\S+)\\n`, 'm');

/** A text in which `keepOriginal` has put an original. */
export interface KeptOriginal {
  /** Offset of the comment. */
  readonly start: number;
  /** Offset of the document behind it. */
  readonly bodyStart: number;
  /** Undefined where the document has been edited since, or the comment has. */
  readonly original: string | undefined;
}

/** Finds the original of a document; undefined where none is kept. */
export const findOriginal = (text: string, { unpack, digest }: Packing): KeptOriginal | undefined => {
  const match = KEPT.exec(text);
  if (match === null) return undefined;
  const [comment, fingerprint = '', word = ''] = match;
  const bodyStart = match.index + comment.length;
  const isUntouched = digest(text.slice(bodyStart)) === fingerprint;
  return { start: match.index, bodyStart, original: isUntouched ? unpack(word) : undefined };
};
