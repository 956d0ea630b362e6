/** A summary as rows of cells; every row has as many cells as there are headers. */
export interface SummaryTable {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Blanks between two columns. */
  readonly gap: number;
}

const widthOf = (text: string): number => [...text].length;

/** Lays a table out as istioctl does: columns as wide as their widest cell and the gap; the last one as it comes. */
export const layOut = ({ headers, rows, gap }: SummaryTable): string => {
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) =>
    lines.reduce((most, cells) => Math.max(most, widthOf(cells[column] ?? '')), 0),
  );
  const cellOf = (cell: string, column: number): string =>
    column === headers.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) + gap - widthOf(cell));
  return lines.map((cells) => `${cells.map(cellOf).join('')}\n`).join('');
};
