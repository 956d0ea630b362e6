import type { PodContainer } from '../../model/pod.ts';
import type { AppHandler } from './protocol-listener.ts';

/** What the arguments and environment of a hashicorp/http-echo container come to. */
export type HttpEchoSettings =
  | {
      readonly kind: 'serve';
      readonly text: string;
      readonly port: number;
      readonly status: number;
      /** As `X-App-Version` names it. */
      readonly version: string;
    }
  /** The real program would end at once, for this reason. */
  | { readonly kind: 'exit'; readonly reason: string };

/** The version behind tags that name none (`latest`, `1.0`, a digest, no tag at all). */
const latestVersion = '1.0.0';

/** Whether an image is hashicorp/http-echo, from whatever registry. */
export const isHttpEcho = (image: string): boolean => /(^|\/)hashicorp\/http-echo(?=$|[:@])/.test(image);

/** Kubernetes replaces `$(NAME)` by the variable where there is one; `$$` is a dollar sign. */
const expand = (argument: string, env: Readonly<Record<string, string>>): string =>
  argument.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : Object.hasOwn(env, name) ? (env[name] ?? whole) : whole,
  );

/** Go's flag package: `-name value`, `-name=value`, one dash or two; the first other word ends the flags. */
const parseFlags = (words: readonly string[]): ReadonlyMap<string, string> | string => {
  const values = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, name = '', inline] = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (word === '--' || name === '')
      return at + (word === '--' ? 1 : 0) < words.length ? 'too many arguments' : values;
    if (name === 'version') return 'it only prints its version';
    if (!['text', 'listen', 'status-code'].includes(name)) return `it has no flag -${name}`;
    const value = inline ?? words[++at];
    if (value === undefined) return `flag -${name} needs an argument`;
    values.set(name, value);
  }
  return values;
};

/** Reads a container the way http-echo reads its command line. */
export const readHttpEcho = (container: PodContainer): HttpEchoSettings => {
  const words = [...container.command.slice(1), ...container.args].map((word) => expand(word, container.env));
  const flags = parseFlags(words);
  if (typeof flags === 'string') return { kind: 'exit', reason: flags };
  const text = flags.get('text') || (Object.hasOwn(container.env, 'ECHO_TEXT') ? container.env['ECHO_TEXT'] : '') || '';
  if (text === '') return { kind: 'exit', reason: 'neither -text nor ECHO_TEXT is set' };
  const [, digits = ''] = /:(\d{1,5})$/.exec(flags.get('listen') ?? ':5678') ?? [];
  const port = Number(digits);
  if (digits === '' || port < 1 || port > 65_535) {
    return { kind: 'exit', reason: `-listen ${flags.get('listen')} is not an address` };
  }
  const status = flags.get('status-code') ?? '200';
  if (!/^[1-9]\d\d$/.test(status)) return { kind: 'exit', reason: `-status-code ${status} is not an HTTP status` };
  const [, version = latestVersion] = /:v?(\d+\.\d+\.\d+)$/.exec(container.image) ?? [];
  return { kind: 'serve', text, port, status: Number(status), version };
};

/** What Go's net/http makes of a text body without Content-Type (the WHATWG sniffing rules, as far as text goes). */
const sniffContentType = (text: string): string => {
  const start = text.trimStart().slice(0, 16).toLowerCase();
  if (start.startsWith('<?xml')) return 'text/xml; charset=utf-8';
  const isHtml = /^<(!--|(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >])/.test(
    start,
  );
  return isHtml ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8';
};

/** Answers as http-echo does: the text with a line feed to every path, and its health to `/health`. */
export const createHttpEcho = (settings: Extract<HttpEchoSettings, { kind: 'serve' }>): AppHandler => {
  const page = Buffer.from(`${settings.text}\n`);
  const contentType = sniffContentType(settings.text);
  const health = Buffer.from('{"status":"ok"}\n');
  return (request, response) => {
    const isHealth = request.url === '/health' || request.url?.startsWith('/health?') === true;
    const body = isHealth ? health : page;
    request.resume();
    response.statusCode = isHealth ? 200 : settings.status;
    response.setHeader('X-App-Name', 'http-echo');
    response.setHeader('X-App-Version', settings.version);
    response.setHeader('Content-Type', isHealth ? sniffContentType('{') : contentType);
    response.setHeader('Content-Length', body.length);
    // Node would announce keep-alive, which Go leaves unsaid.
    response.removeHeader('Connection');
    response.end(body);
  };
};
