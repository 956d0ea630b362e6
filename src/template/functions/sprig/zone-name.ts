const OFFSET = /^[-+](\d+)/;

/** The offset in hours, such as `+03`, with which a text begins. */
const readHours = (text: string): string | undefined => {
  const [written, hours] = OFFSET.exec(text) ?? [];
  return Number(hours) <= 23 ? written : undefined;
};

/** What package time takes for the abbreviation of a time zone at the start of a text: `MST`, `ChST`, `GMT+3`, `-03`. */
export const readZoneName = (text: string): string | undefined => {
  if (text.startsWith('UTC')) return 'UTC';
  if (text.length < 3) return undefined;
  if (/^(?:ChST|MeST)/.test(text)) return text.slice(0, 4);
  if (text.startsWith('GMT')) return `GMT${readHours(text.slice(3)) ?? ''}`;
  if (/^[-+]/.test(text)) return readHours(text);
  const [letters = ''] = /^[A-Z]{0,6}/.exec(text) ?? [];
  switch (letters.length) {
    case 3:
      return letters;
    case 4:
      return letters.endsWith('T') || letters === 'WITA' ? letters : undefined;
    case 5:
      return letters.endsWith('T') ? letters : undefined;
    default:
      return undefined;
  }
};
