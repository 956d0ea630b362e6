import { quote } from '../../fmt/quote.ts';
import { FunctionError } from '../../functions.ts';

/** A version as Masterminds/semver reads it: `v` in front and missing parts are allowed. */
export interface Version {
  readonly original: string;
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: string;
  readonly metadata: string;
}

const LONGEST_VERSION = 256;
const LONGEST_CONSTRAINT = 512;
const MOST_GROUPS = 32;
const VERSION =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

const parseSegment = (digits: string): bigint => {
  const value = BigInt(digits);
  if (value < 2n ** 64n) return value;
  throw new FunctionError(
    `error parsing version segment: strconv.ParseUint: parsing ${quote(digits)}: value out of range`,
  );
};

/** Throws a FunctionError in the words of Masterminds/semver for a text that is no version. */
export const parseVersion = (original: string): Version => {
  if (original.length > LONGEST_VERSION) {
    throw new FunctionError(`version string is too long (max ${LONGEST_VERSION} bytes)`);
  }
  const match = VERSION.exec(original);
  if (match === null) throw new FunctionError('invalid semantic version');
  const [, major = '0', minor = '0', patch = '0', prerelease = '', metadata = ''] = match;
  const version = { major: parseSegment(major), minor: parseSegment(minor), patch: parseSegment(patch) };
  if (prerelease.split('.').some((part) => /^0[0-9]+$/.test(part))) {
    throw new FunctionError('version segment starts with 0');
  }
  return { original, ...version, prerelease, metadata };
};

/** `major.minor.patch-prerelease+metadata`. */
export const printVersion = ({ major, minor, patch, prerelease, metadata }: Version): string =>
  `${major}.${minor}.${patch}${prerelease && `-${prerelease}`}${metadata && `+${metadata}`}`;

const compare = <T extends bigint | string>(left: T, right: T): number => (left < right ? -1 : left > right ? 1 : 0);

const comparePart = (left: string | undefined, right: string | undefined): number => {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  const isNumber = (part: string): boolean => /^[0-9]+$/.test(part) && BigInt(part) < 2n ** 64n;
  if (isNumber(left) && isNumber(right)) return BigInt(left) > BigInt(right) ? 1 : -1;
  if (isNumber(left) || isNumber(right)) return isNumber(left) ? -1 : 1;
  return compare(left, right);
};

const comparePrereleases = (left: string, right: string): number => {
  const [a, b] = [left.split('.'), right.split('.')];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = comparePart(a[at], b[at]);
    if (order !== 0) return order;
  }
  return 0;
};

/** Below, at or above 0, by precedence: a prerelease comes before its release, metadata does not count. */
export const compareVersions = (left: Version, right: Version): number => {
  const order =
    compare(left.major, right.major) || compare(left.minor, right.minor) || compare(left.patch, right.patch);
  if (order !== 0 || left.prerelease === right.prerelease) return order;
  if (left.prerelease === '') return 1;
  return right.prerelease === '' ? -1 : comparePrereleases(left.prerelease, right.prerelease);
};

/** One comparison: parts of the version that are `x`, `*` or missing make it loose. */
interface Comparison {
  readonly operator: string;
  readonly version: Version;
  readonly loose: 'none' | 'all' | 'minor' | 'patch';
}

const PARTS =
  'v?([0-9|xX*]+)(\\.[0-9|xX*]+)?(\\.[0-9|xX*]+)?(-(?:[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+(?:[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?';
// Leftmost-first as in Go: the empty operator is found last.
const OPERATOR = '=|!=|>=|=>|<=|=<|~>|>|<|~|\\^|';
const NO_GROUPS = PARTS.replaceAll('(?:', '(').replaceAll('(', '(?:').replaceAll('(?:?:', '(?:');
const RANGE = new RegExp(`\\s*(${NO_GROUPS})\\s+-\\s+(${NO_GROUPS})\\s*`, 'g');
const FIND = new RegExp(`(?:${OPERATOR})\\s*(?:${NO_GROUPS})`, 'g');
const VALID = new RegExp(
  `^(?:\\s*(?:${OPERATOR})\\s*(?:${NO_GROUPS})\\s*)(?:(?:\\s+|,\\s*)(?:${OPERATOR})\\s*(?:${NO_GROUPS})\\s*)*$`,
);
const COMPARISON = new RegExp(`^\\s*(${OPERATOR})\\s*${PARTS}\\s*$`);

const isAny = (part: string | undefined): boolean => part === undefined || /^\.?[xX*]$/.test(part);

const readLoosely = (text: string): Version => {
  try {
    return parseVersion(text);
  } catch (error) {
    if (error instanceof FunctionError) throw new FunctionError('constraint parser error');
    throw error;
  }
};

const parseComparison = (text: string): Comparison => {
  const match = COMPARISON.exec(text);
  if (match === null) throw new FunctionError(`improper constraint: ${quote(text)}`);
  const [, operator = '', major = '', minor, patch, prerelease = ''] = match;
  if (isAny(major)) return { operator, version: readLoosely(`0.0.0${prerelease}`), loose: 'all' };
  if (isAny(minor)) return { operator, version: readLoosely(`${major}.0.0${prerelease}`), loose: 'minor' };
  if (isAny(patch)) return { operator, version: readLoosely(`${major}${minor}.0${prerelease}`), loose: 'patch' };
  return { operator, version: readLoosely(`${major}${minor}${patch}${prerelease}`), loose: 'none' };
};

const isWithinTilde = (version: Version, { version: base, loose }: Comparison): boolean => {
  if (compareVersions(version, base) < 0) return false;
  const isZero = base.major === 0n && base.minor === 0n && base.patch === 0n;
  if (isZero && loose !== 'minor' && loose !== 'patch') return true;
  return version.major === base.major && (version.minor === base.minor || loose === 'minor');
};

const isWithinCaret = (version: Version, { version: base, loose }: Comparison): boolean => {
  if (compareVersions(version, base) < 0) return false;
  if (base.major > 0n || loose === 'minor') return version.major === base.major;
  if (version.major > 0n) return false;
  if (base.minor > 0n || loose === 'patch') return version.minor === base.minor;
  return version.minor === 0n && version.patch === base.patch;
};

const isAbove = (version: Version, { version: base, loose }: Comparison): boolean => {
  if (loose === 'none' || loose === 'all') {
    if (loose === 'none' || version.major === base.major) return compareVersions(version, base) === 1;
    return version.major > base.major;
  }
  if (version.major !== base.major) return version.major > base.major;
  return loose === 'patch' && version.minor > base.minor;
};

const isAtMost = (version: Version, { version: base, loose }: Comparison): boolean => {
  if (loose === 'none') return compareVersions(version, base) <= 0;
  if (version.major !== base.major) return version.major < base.major;
  return loose === 'minor' || version.minor <= base.minor;
};

const isOther = (version: Version, { version: base, loose }: Comparison): boolean => {
  if (loose === 'none') return compareVersions(version, base) !== 0;
  if (version.major !== base.major) return true;
  if (version.minor !== base.minor && loose !== 'minor') return true;
  if (loose === 'minor') return false;
  if (loose === 'all') return version.patch !== base.patch || compareVersions(version, base) !== 0;
  if (version.prerelease === '' && base.prerelease === '') return false;
  return comparePrereleases(version.prerelease, base.prerelease) !== 0;
};

const holds = (version: Version, comparison: Comparison): boolean => {
  switch (comparison.operator) {
    case '!=':
      return isOther(version, comparison);
    case '>':
      return isAbove(version, comparison);
    case '<':
      return compareVersions(version, comparison.version) < 0;
    case '>=':
    case '=>':
      return compareVersions(version, comparison.version) >= 0;
    case '<=':
    case '=<':
      return isAtMost(version, comparison);
    case '~':
    case '~>':
      return isWithinTilde(version, comparison);
    case '^':
      return isWithinCaret(version, comparison);
    default:
      return comparison.loose === 'none'
        ? compareVersions(version, comparison.version) === 0
        : isWithinTilde(version, comparison);
  }
};

/**
 * Whether a version meets a constraint (`>= 1.2, < 2 || ^3.x`). A prerelease meets only what names a prerelease. Throws a
 * FunctionError for what is no constraint or no version.
 */
export const satisfies = (constraint: string, text: string): boolean => {
  if (constraint.length > LONGEST_CONSTRAINT) {
    throw new FunctionError(`constraint string is too long (max ${LONGEST_CONSTRAINT} bytes)`);
  }
  const groups = constraint.replace(RANGE, (_, from: string, to: string) => `>= ${from}, <= ${to} `).split('||');
  if (groups.length > MOST_GROUPS) throw new FunctionError(`too many constraint groups (max ${MOST_GROUPS})`);
  const comparisons = groups.map((group) => {
    if (!VALID.test(group)) throw new FunctionError(`improper constraint: ${quote(group)}`);
    return (group.match(FIND) ?? [group]).map(parseComparison);
  });
  const version = parseVersion(text);
  return comparisons.some((group) => {
    const allows = version.prerelease === '' || group.some((one) => one.version.prerelease !== '');
    return allows && group.every((comparison) => holds(version, comparison));
  });
};
