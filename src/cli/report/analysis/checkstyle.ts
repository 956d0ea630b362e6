import { type Format, repositoryPath } from './report.ts';
import { XML_HEAD, xmlAttributes } from './xml.ts';

interface Row {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly message: string;
  readonly code: string;
}

/** Checkstyle's XML: one `file` element per file with its `error` elements, source `heddle.CODE`. */
export const checkstyle: Format = ({ findings, problems }) => {
  const rows: readonly Row[] = [
    ...problems.flatMap(({ severity, code, message, span }) =>
      severity === 'error' ? [{ ...(span ?? { file: '', line: 1, column: 1 }), severity, message, code }] : [],
    ),
    ...findings.map(({ span, level, message, origin, code }) => ({
      ...span,
      severity: level,
      message: `${origin}: ${message}`,
      code,
    })),
  ];
  const files = new Map<string, string[]>();
  for (const { file, line, column, severity, message, code } of rows) {
    const attributes = xmlAttributes({ line, column, severity, message, source: `heddle.${code}` });
    const lines = files.get(file) ?? [];
    lines.push(`    <error${attributes}/>\n`);
    files.set(file, lines);
  }
  const body = [...files].map(
    ([file, lines]) => `  <file${xmlAttributes({ name: repositoryPath(file) })}>\n${lines.join('')}  </file>\n`,
  );
  return `${XML_HEAD}<checkstyle version="10.0">\n${body.join('')}</checkstyle>\n`;
};
