/** A request as people have it at hand: METHOD URL, a curl command, a HAR entry, a line of an access log. */
import { Fault } from '../../base/fault.ts';

export interface WrittenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export const unreadable = (what: string, hint: string): Fault =>
  new Fault(what, { kind: 'input', code: 'BAD_REQUEST', hint });

/** `name: value`; the name in lower case. */
export const readHeader = (line: string): readonly [string, string] => {
  const [, name, value = ''] = /^([^\s:]+)\s*[:;]\s*(.*)$/s.exec(line) ?? [];
  if (name === undefined) throw unreadable(`"${line}" is no header`, "write it as -H 'name: value'");
  return [name.toLowerCase(), value];
};

/** Splits a command as a POSIX shell would, without expanding anything. */
const splitWords = (command: string): readonly string[] => {
  const words: string[] = [];
  let word: string | undefined;
  const pieces = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\\r?\n|\\(.)|(\s+)|([^\s'"\\]+)|(.)/gs;
  for (const [, single, double, escaped, space, plain, stray] of command.matchAll(pieces)) {
    if (stray !== undefined)
      throw unreadable(`the command has a ${stray} without its other half`, 'paste the whole command');
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      const text = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
      if (text !== undefined) word = (word ?? '') + text;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
};

/** Options of curl that take a value and say nothing of where a request goes. */
const WITH_VALUE =
  /^(-[oumwCEFKPQTYytz]|--(output|user|max-time|write-out|connect-timeout|cacert|cert|key|retry|proxy|resolve|connect-to|form|limit-rate|config|interface|retry-delay|range|ciphers))$/;

/** Takes a pasted curl command apart; nothing of it is run. */
export const readCurl = (command: string): WrittenRequest => {
  const [program, ...words] = splitWords(command.trim());
  if (program !== 'curl')
    throw unreadable('the command does not begin with curl', "write --curl 'curl http://reviews/'");
  const headers: (readonly [string, string])[] = [];
  let method: string | undefined;
  let url: string | undefined;
  let hasBody = false;
  let isGet = false;
  for (let at = 0; at < words.length; at += 1) {
    let word = words[at] ?? '';
    let attached: string | undefined;
    const long = /^(--[\w-]+)=(.*)$/s.exec(word);
    const short = /^(-[XHdAbeu])(.+)$/s.exec(word);
    if (long !== null || short !== null) [, word = '', attached] = long ?? short ?? [];
    const value = (): string => {
      if (attached !== undefined) return attached;
      at += 1;
      return words[at] ?? '';
    };
    if (word === '-X' || word === '--request') method = value();
    else if (word === '-H' || word === '--header') headers.push(readHeader(value()));
    else if (word === '-A' || word === '--user-agent') headers.push(['user-agent', value()]);
    else if (word === '-b' || word === '--cookie') headers.push(['cookie', value()]);
    else if (word === '-e' || word === '--referer') headers.push(['referer', value()]);
    else if (word === '--url') url = value();
    else if (word === '-I' || word === '--head') method ??= 'HEAD';
    else if (word === '-G' || word === '--get') isGet = true;
    else if (/^(-d|--data(-\w+)?|--json)$/.test(word)) {
      value();
      hasBody = true;
    } else if (WITH_VALUE.test(word)) value();
    else if (!word.startsWith('-')) url = word;
  }
  if (url === undefined) throw unreadable('the curl command names no URL', 'paste the whole command');
  return { method: method ?? (hasBody && !isGet ? 'POST' : 'GET'), url, headers };
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

const textOf = (value: unknown, name: string): string => {
  const field = fieldOf(value, name);
  return typeof field === 'string' ? field : '';
};

const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(`${what} is no JSON`, 'name a file that a browser exported');
  }
};

/** The entry of a HAR document, counted from 0. */
export const readHar = (text: string, entry: number): WrittenRequest => {
  const entries = fieldOf(fieldOf(parseJson(text, 'the HAR file'), 'log'), 'entries');
  const request = fieldOf(Array.isArray(entries) ? entries[entry] : undefined, 'request');
  const url = textOf(request, 'url');
  if (url === '') throw unreadable(`the HAR file has no entry ${entry}`, 'entries count from 0: FILE#0');
  const lines = fieldOf(request, 'headers');
  const headers = (Array.isArray(lines) ? lines : []).map(
    (line) => [textOf(line, 'name').toLowerCase(), textOf(line, 'value')] as const,
  );
  // HTTP/2 browsers list pseudo-headers, which the URL says already.
  return {
    method: textOf(request, 'method') || 'GET',
    url,
    headers: headers.filter(([name]) => !name.startsWith(':') && name !== 'host'),
  };
};

const given = (value: string): boolean => value !== '' && value !== '-';

/** A line of Istio's default access log, or one of its JSON form. */
export const readAccessLog = (line: string): WrittenRequest => {
  const text = line.trim();
  if (text.startsWith('{')) {
    const record = parseJson(text, 'the access log line');
    const headers: readonly (readonly [string, string])[] = [
      ['user-agent', textOf(record, 'user_agent')],
      ['x-forwarded-for', textOf(record, 'x_forwarded_for')],
    ];
    const authority = textOf(record, 'authority');
    if (!given(authority))
      throw unreadable('the access log line names no authority', 'paste a line of an HTTP request');
    return {
      method: textOf(record, 'method') || 'GET',
      url: `http://${authority}${textOf(record, 'path') || '/'}`,
      headers: headers.filter(([, value]) => given(value)),
    };
  }
  const [, method = '', path = '', tail = ''] = /"([A-Z]+) (\S+) [^"]*"(.*)$/s.exec(text) ?? [];
  const [, forwardedFor = '', userAgent = '', , authority = ''] = [...tail.matchAll(/"([^"]*)"/g)].map(
    ([, quoted]) => quoted ?? '',
  );
  if (method === '' || !given(authority))
    throw unreadable("this is no line of Istio's access log", 'paste a whole line of the default format, or JSON');
  const headers: readonly (readonly [string, string])[] = [
    ['user-agent', userAgent],
    ['x-forwarded-for', forwardedFor],
  ];
  return { method, url: `http://${authority}${path}`, headers: headers.filter(([, value]) => given(value)) };
};
