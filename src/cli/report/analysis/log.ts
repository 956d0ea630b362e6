import { escapeControls } from '../../../telemetry/access-log.ts';
import { type Format, levelName } from './report.ts';

/** Istio's line: `Error [IST0101] (VirtualService default/reviews reviews.yaml:12) ...`. */
export const log: Format = ({ findings, lineOf }, { paint }) => {
  const colors = { error: paint.red, warning: paint.yellow, info: paint.cyan };
  return findings
    .map((finding) => {
      const { code, level, message, origin, span } = finding;
      const place = `${origin} ${span.file}:${lineOf(finding)}`;
      return `${colors[level](levelName(level))} [${code}] (${place}) ${escapeControls(message)}\n`;
    })
    .join('');
};
