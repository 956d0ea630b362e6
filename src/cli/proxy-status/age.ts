const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A span of time as kubectl shows ages, in fewer units the longer it is: `25s`, `3m20s`, `47m`, `5h10m`, `3d4h`, `2y`. */
export const ageText = (ms: number): string => {
  const age = Math.max(0, ms);
  const parts = (unit: number, letter: string, less: number, lessLetter: string): string => {
    const rest = Math.floor((age % unit) / less);
    return `${Math.floor(age / unit)}${letter}${rest === 0 ? '' : `${rest}${lessLetter}`}`;
  };
  if (age < 2 * MINUTE) return `${Math.floor(age / SECOND)}s`;
  if (age < 10 * MINUTE) return parts(MINUTE, 'm', SECOND, 's');
  if (age < 3 * HOUR) return `${Math.floor(age / MINUTE)}m`;
  if (age < 8 * HOUR) return parts(HOUR, 'h', MINUTE, 'm');
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)}h`;
  if (age < 8 * DAY) return parts(DAY, 'd', HOUR, 'h');
  if (age < 2 * YEAR) return `${Math.floor(age / DAY)}d`;
  return age < 8 * YEAR ? parts(YEAR, 'y', DAY, 'd') : `${Math.floor(age / YEAR)}y`;
};
