const LONGEST = 1000;
const SHOWN_END = 100;

/** A text for people: of one above 1,000 UTF-16 units the middle is left out, and how much that is stands in its place. */
export const shorten = (text: string): string => {
  if (text.length <= LONGEST) return text;
  // Neither part may keep half of a surrogate pair.
  const head = text.slice(0, LONGEST - SHOWN_END).replace(/[\uD800-\uDBFF]$/, '');
  const tail = text.slice(-SHOWN_END).replace(/^[\uDC00-\uDFFF]/, '');
  return `${head}… (${text.length - head.length - tail.length} characters) …${tail}`;
};
