import Table from 'cli-table3';

const none = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '   ',
};

/**
 * Lays out rows under upper-case headers, three spaces apart, without borders or truncation; `-` stands for empty.
 * Ends with a newline. Widths count characters as a terminal shows them, colours aside.
 */
export const renderTable = (headers: readonly string[], rows: readonly (readonly string[])[]): string => {
  const table = new Table({ chars: none, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } });
  table.push([...headers], ...rows.map((row) => row.map((cell) => (cell === '' ? '-' : cell))));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
};
