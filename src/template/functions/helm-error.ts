import { chartMessage } from './helm.ts';

/** One level of an error of an execution: what helm shows of it, in lines. */
interface Level {
  readonly place: string;
  readonly execution: string;
  readonly message: string;
}

const EXECUTING = /^(.*?): executing ("[^"]*") at <(.*?)>: (.*)$/s;
const CAUSE = /^.*?>: error calling [^:]*: (.*)$/s;

/** Go's message without the template errors that it quotes. */
const own = (message: string): string => {
  const next = message.indexOf(' template:');
  return next < 0 ? message : message.slice(0, next);
};

/** A message of text/template taken apart; undefined for messages of others. */
const readLevel = (text: string): Level | undefined => {
  if (!text.startsWith('template: ')) return undefined;
  const rest = text.slice('template: '.length);
  if (rest.startsWith('no template ')) return { place: '', execution: '', message: text };
  const [, place = '', name, expression, message = ''] = EXECUTING.exec(rest) ?? [];
  if (name !== undefined) {
    return { place, execution: `executing ${name} at <${expression}>:`, message: own(message) };
  }
  const end = rest.lastIndexOf(': ');
  return end < 0 ? undefined : { place: rest.slice(0, end), execution: '', message: own(rest.slice(end + 2)) };
};

/** The error with which a function ended the execution, as text; undefined where no function did. */
const causeOf = (text: string): string | undefined => CAUSE.exec(text)?.[1];

const showLevel = ({ place, execution, message }: Level): string =>
  `${place && `${place}\n  `}${execution && `${execution}\n    `}${message && `${message}\n`}`;

/** A refusal of `parseTemplate` as helm words it; `file` is the template's name. */
export const helmParseError = (file: string, error: string): string => {
  const parts = error.split(': ');
  const [, place] = parts;
  return place === undefined ? `parse error in (${file}): ${error}` : `parse error at (${place}): ${parts.at(-1)}`;
};

/**
 * An error of `render` as helm 4 words it: the chart's own message with its place, a level a paragraph where templates
 * alone are concerned, Go's words where a function failed.
 */
export const helmExecutionError = (error: string): string => {
  if (!error.startsWith('template: ')) return error;
  const [, place] = error.split(': ');
  const message = chartMessage(error);
  if (message !== undefined) return `execution error at (${place}): ${message}`;
  const shown: string[] = [];
  for (let text: string | undefined = error; text !== undefined; text = causeOf(text)) {
    const level = readLevel(text);
    if (level === undefined) return error;
    const lines = showLevel(level);
    if (lines !== shown.at(-1)) shown.push(lines);
  }
  return shown.join('').trim();
};
