import { formatSpan } from '../../../base/span.ts';
import { escapeControls } from '../../../telemetry/access-log.ts';
import type { Format } from './report.ts';

/** `file:line:column: level code message`, which editors and terminals turn into links. */
export const concise: Format = ({ findings }, { paint }) => {
  const colors = { error: paint.red, warning: paint.yellow, info: paint.cyan };
  return findings
    .map(({ code, level, message, origin, span }) => {
      const place = escapeControls(formatSpan(span));
      return `${place}: ${colors[level](level)} ${code} ${escapeControls(message)} (${escapeControls(origin)})\n`;
    })
    .join('');
};
