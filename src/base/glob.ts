/**
 * Whether a text matches a pattern in which `*` stands for any run of characters, none included, `/` and `.` too;
 * every other character stands for itself, save `anyOne`, which stands for exactly one of any. Takes time in the product of the lengths at worst, whatever the pattern.
 */
export const matchesGlob = (pattern: string, text: string, anyOne = ''): boolean => {
  let at = 0;
  let patternAt = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[patternAt] === '*') {
      star = patternAt++;
      resume = at;
    } else if (patternAt < pattern.length && (pattern[patternAt] === text[at] || pattern[patternAt] === anyOne)) {
      patternAt++;
      at++;
    } else if (star >= 0) {
      patternAt = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
};
