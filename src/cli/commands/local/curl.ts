import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminClient } from '../../../admin/client.ts';
import { Fault } from '../../../base/fault.ts';
import type { AccessRecord } from '../../../telemetry/access-record.ts';
import { type Context, defineCommand, durationMs, flag, text, texts } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { hopLines, inRequestOrder } from '../../mesh/hops.ts';
import { type Outgoing, sendRequest, type Way } from '../../mesh/http-request.ts';
import { printDocument } from '../../output.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** A sidecar notes a request when it is over, which may be just after its answer has arrived here. */
const RECORDS_WITHIN_MS = 1_000;

const usage = (message: string, hint: string): Fault => new Fault(message, { kind: 'usage', code: 'BAD_USAGE', hint });

const readUrl = (typed: string): URL => {
  const address = /^[a-z]+:\/\//i.test(typed) ? typed : `http://${typed}`;
  if (!URL.canParse(address))
    throw usage(`"${typed}" is not a URL`, 'for example http://hello-service.example-namespace/');
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw usage(`cannot send to ${url.protocol}//`, 'use http://, which sidecars encrypt by themselves, or https://');
  return url;
};

const splitHeader = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  if (colon < 1) throw usage(`"${line}" is not a header`, 'write it as "Name: value"');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
};

const readFileOf = ({ io }: Pick<Context, 'io'>, path: string): Promise<string> =>
  readFile(resolve(io.cwd, path), 'utf8').catch((cause) => {
    throw new Fault(`cannot read ${path}`, { kind: 'io', code: 'CANNOT_READ', cause });
  });

/** The body of `-d`: the parts joined by `&` as curl does; `@FILE` reads a file, `@-` standard input. */
const readBody = async (parts: readonly string[], { io }: Context): Promise<string | undefined> => {
  if (parts.length === 0) return undefined;
  const read = async (part: string): Promise<string> => {
    if (!part.startsWith('@')) return part;
    if (part === '@-') return io.readStdin();
    return readFileOf({ io }, part.slice(1));
  };
  return (await Promise.all(parts.map(read))).join('&');
};

interface Asked {
  readonly request: string | undefined;
  readonly header: readonly string[];
  readonly data: readonly string[];
}

const compose = async (context: Context, url: URL, asked: Asked, requestId: string): Promise<Outgoing> => {
  const body = await readBody(asked.data, context);
  const typed = asked.header.map(splitHeader);
  const has = (name: string): boolean => typed.some(([own]) => own.toLowerCase() === name);
  const headers: [string, string][] = [];
  if (!has('host')) headers.push(['Host', url.host]);
  if (!has('user-agent')) headers.push(['User-Agent', 'heddle']);
  if (!has('accept')) headers.push(['Accept', '*/*']);
  if (!has('x-request-id')) headers.push(['x-request-id', requestId]);
  if (body !== undefined) {
    if (!has('content-type')) headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
    if (!has('content-length')) headers.push(['Content-Length', String(Buffer.byteLength(body))]);
  }
  // `-H "Name:"` sends the header not at all, as with curl.
  const kept = typed.filter(([, value]) => value !== '');
  const method = asked.request ?? (body === undefined ? 'GET' : 'POST');
  return { method, url, headers: [...headers, ...kept], body };
};

/** The port of this machine, as the URLs have it that the mesh tells. */
const gatewayPort = async (mesh: AdminClient): Promise<number> => {
  const { gateways, services } = await mesh.status();
  const url = [...gateways, ...services].map((entrance) => entrance.url).find((own) => own !== '');
  if (url !== undefined) return Number(new URL(url).port);
  throw new Fault('nothing of the mesh answers on the gateway port', {
    kind: 'usage',
    code: 'NO_GATEWAY',
    hint: 'see heddle local status',
  });
};

const wayTo = async (
  url: URL,
  mesh: AdminClient,
  { from, gateway }: { readonly from: string | undefined; readonly gateway: boolean },
): Promise<Way> => {
  if (gateway && from !== undefined)
    throw usage('--from and --gateway exclude each other', 'a request begins in the mesh or outside of it');
  if (gateway) return { kind: 'direct', port: await gatewayPort(mesh) };
  return from === undefined && isThisMachine(url)
    ? { kind: 'direct', port: undefined }
    : { kind: 'proxy', ...(await mesh.curlTarget(from)).proxy };
};

const isThisMachine = (url: URL): boolean => /(^|\.)localhost$/.test(url.hostname);

const statusLine = (response: IncomingMessage): string =>
  `HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage ?? ''}`.trimEnd();

const headerPairs = ({ rawHeaders }: IncomingMessage): readonly (readonly [string, string])[] =>
  rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));

/** Both ends of an answered hop: a request that entered a server sidecar has a record there too. */
const isComplete = (records: readonly AccessRecord[]): boolean =>
  records.some(({ reporter }) => reporter === 'source') &&
  (records.some(({ reporter }) => reporter === 'destination') ||
    records.every(({ upstreamPrincipal }) => upstreamPrincipal === ''));

const recordsOf = async (mesh: AdminClient, requestId: string): Promise<readonly AccessRecord[]> => {
  const deadlineMs = performance.now() + RECORDS_WITHIN_MS;
  for (;;) {
    const { items } = await mesh.trace(requestId);
    if (isComplete(items) || performance.now() > deadlineMs) return inRequestOrder(items);
    await sleep(20);
  }
};

const printRaw = async (context: Context, response: IncomingMessage, include: boolean): Promise<void> => {
  if (include) {
    const lines = [statusLine(response), ...headerPairs(response).map(([name, value]) => `${name}: ${value}`)];
    context.out.write(`${lines.join('\r\n')}\r\n\r\n`);
  }
  for await (const chunk of response) context.out.write(chunk);
};

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const truncated = (cause: unknown): Fault =>
  new Fault('the answer ended before it was complete', {
    kind: 'unreachable',
    code: 'TRUNCATED',
    hint: 'see what the sidecars say: heddle local logs --tail 5',
    cause,
  });

/**
 * The built-in client is in no namespace of the user's: a short name means the one service that has it. Throws
 * AMBIGUOUS_SERVICE when several namespaces do.
 */
const qualify = async (url: URL, mesh: AdminClient): Promise<URL> => {
  if (url.hostname.includes('.') || url.hostname === 'localhost') return url;
  const named = (await mesh.status()).services.filter(({ name }) => name === url.hostname);
  const [service, ...more] = named.map(({ name, namespace }) => `${name}.${namespace}`);
  if (service === undefined) return url;
  if (more.length > 0)
    throw new Fault(`"${url.hostname}" may be any of ${[service, ...more].join(', ')}`, {
      kind: 'usage',
      code: 'AMBIGUOUS_SERVICE',
      hint: `name one of them, such as ${service}, or the workload that asks with --from`,
    });
  const qualified = new URL(url);
  qualified.hostname = service;
  return qualified;
};

export const curl = defineCommand({
  summary: 'Sends a request from a workload of the running mesh, through its sidecar.',
  examples: [
    ['heddle local curl http://hello-service.example-namespace/', 'from the built-in client'],
    ['heddle local curl --from productpage http://reviews:9080/', 'as that workload'],
    ['heddle local curl --explain http://reviews.default/', 'with every hop, rule and identity'],
    ['heddle local curl -i -H "end-user: jason" http://reviews.default/', "with a header; show the answer's"],
    ['heddle local curl -k --gateway https://shop.example.com/', 'TLS of a gateway, by the name it serves'],
    ['heddle local curl -d @order.json http://api.shop/orders', 'POST a file'],
  ],
  arguments: [
    { name: 'URL', summary: "what to ask for; names resolve as in the workload's namespace", required: true },
  ],
  options: {
    from: text('--from <workload>', 'who sends: NAME or NAME.NAMESPACE of a workload with a sidecar'),
    request: text('-X, --request <method>', 'the method (default GET, POST with --data)'),
    header: texts('-H, --header <line>', 'a header such as "Name: value"; repeatable'),
    data: texts('-d, --data <text>', 'the body; @FILE reads a file, @- standard input; repeatable'),
    gateway: flag('--gateway', 'send to the gateway port of this machine, whatever the name in the URL'),
    insecure: flag('-k, --insecure', 'take any certificate of an https:// server'),
    cacert: text('--cacert <file>', 'PEM of authorities that may vouch for an https:// server'),
    include: flag('-i, --include', 'print the status line and headers of the answer too'),
    explain: flag('--explain', 'print how the request went through the mesh (as -v does), to stderr'),
    fail: flag('--fail', "exit with 1 when the answer's status is 400 or above"),
    timeout: durationMs('--timeout <duration>', 'how long to wait for the answer (default 30s)', DEFAULT_TIMEOUT_MS),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    0: 'an answer came, whatever its status',
    1: 'with --fail: the status is 400 or above',
    75: 'no answer in time',
    ...NO_MESH_CODES,
  },
  environment: STATE_ENVIRONMENT,
  notes: [
    'From the built-in client a name without namespace means the one service that has it.',
    'An https:// URL is sent as TLS of the caller’s own, which the sidecar routes by its server name.',
    'A URL below .localhost, as "heddle local up" prints them, goes to the gateway port of this machine.',
  ],
  seeAlso: ['heddle local status', 'heddle local logs'],
  run: async (context, [typed = ''], options) => {
    const asked = readUrl(typed);
    const mesh = await connectMesh(context.io);
    const url = options.from === undefined && !options.gateway ? await qualify(asked, mesh) : asked;
    const requestId = randomUUID();
    const outgoing = await compose(context, url, options, requestId);
    const sentId = outgoing.headers.find(([name]) => name.toLowerCase() === 'x-request-id')?.[1] ?? requestId;
    const way = await wayTo(url, mesh, options);
    const authorities = options.cacert === undefined ? undefined : await readFileOf(context, options.cacert);
    const trust = { authorities, isInsecure: options.insecure };
    const response = await sendRequest(outgoing, way, trust, options.timeout, context.signal);
    const status = response.statusCode ?? 0;
    const explains = options.explain || context.verbose > 0;
    try {
      if (context.format === 'text') await printRaw(context, response, options.include);
      else {
        const body = await bodyOf(response);
        const hops = explains ? { hops: await recordsOf(mesh, sentId) } : {};
        await printDocument(
          context,
          { kind: 'Response', status, headers: headerPairs(response), body, ...hops },
          () => '',
        );
      }
    } catch (cause) {
      throw cause instanceof Fault ? cause : truncated(cause);
    }
    if (explains && context.format === 'text') {
      const { err } = context;
      if (err.isTty) err.line();
      for (const line of hopLines(await recordsOf(mesh, sentId), err.paint)) err.line(line);
    }
    return options.fail && status >= 400 ? EXIT.failure : EXIT.ok;
  },
});
