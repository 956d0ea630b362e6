import type { Context } from './command.ts';
import type { Stream } from './io.ts';

/** Colours one piece of text; the identity where the stream is not coloured. */
type Brush = (text: string) => string;

/** The few styles heddle uses; meaning never rests on colour alone. */
export interface Paint {
  readonly bold: Brush;
  readonly dim: Brush;
  readonly red: Brush;
  readonly green: Brush;
  readonly yellow: Brush;
  readonly cyan: Brush;
}

/** One stream with its colours decided. */
export interface Printer {
  readonly paint: Paint;
  readonly isTty: boolean;
  write(text: string | Uint8Array): void;
  line(text?: string): void;
}

const same: Brush = (text) => text;
/** No style at all, for files. */
export const PLAIN: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

/** Wraps a stream; the colour library is loaded only where there is colour. */
export const createPrinter = async (stream: Stream, color: boolean): Promise<Printer> => {
  const paint = color ? new (await import('chalk')).Chalk({ level: 1 }) : PLAIN;
  return {
    paint,
    isTty: stream.isTty,
    write: (text) => stream.write(text),
    line: (text = '') => stream.write(`${text}\n`),
  };
};

/** A document of machine output; the envelope (`apiVersion`) is added when it is printed. */
interface Document {
  readonly kind: string;
}

/** Prints one answer: as JSON (a line of it for `ndjson`) or YAML in the versioned envelope, or as `text` makes it. */
export const printDocument = async <D extends Document>(
  context: Context,
  document: D,
  text: () => string,
): Promise<void> => {
  const enveloped = { apiVersion: 'heddle/v1', ...document };
  if (context.format === 'json') context.out.line(JSON.stringify(enveloped, null, 2));
  else if (context.format === 'ndjson') context.out.line(JSON.stringify(enveloped));
  else if (context.format === 'yaml') context.out.write(await toYaml(enveloped));
  else context.out.write(text());
};

const toYaml = async (value: object): Promise<string> => (await import('../yaml/print.ts')).printYaml(value);
