const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d)))|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?$/;

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

/** Whether go-yaml 2 takes an unquoted scalar for a point in time: a date, alone or with a time of day, that exists. */
export const isTimestamp = (text: string): boolean => {
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const numbers = match.slice(1).map((digits) => Number(digits ?? '0'));
  const [year = 0, month = 0, day = 0, zonedHour = 0, zonedMinute = 0, zonedSecond = 0] = numbers;
  const [zoneHour = 0, zoneMinute = 0, hour = 0, minute = 0, second = 0] = numbers.slice(6);
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    Math.max(hour, zonedHour) < 24 &&
    Math.max(minute, zonedMinute, second, zonedSecond) < 60 &&
    zoneHour <= 24 &&
    zoneMinute <= 60
  );
};
