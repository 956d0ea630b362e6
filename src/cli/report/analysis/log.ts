import { escapeControls } from '../../../telemetry/access-log.ts';
import { createPlaces, type Format, levelName } from './report.ts';

/** Istio's line: `Error [IST0101] (VirtualService default/reviews reviews.yaml:12) ...`. */
export const log: Format = (report, { paint }) => {
  const colors = { error: paint.red, warning: paint.yellow, info: paint.cyan };
  const placeOf = createPlaces(report);
  return report.findings
    .map((finding) => {
      const { code, level, message, origin } = finding;
      const place = placeOf(finding);
      const subject = place === undefined ? origin : `${origin} ${place}`;
      return `${colors[level](levelName(level))} [${code}] (${subject}) ${escapeControls(message)}\n`;
    })
    .join('');
};
