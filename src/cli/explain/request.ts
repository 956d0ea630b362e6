import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { CLIENT_POD } from '../../local/built-in.ts';
import { chooseEntry } from '../../traffic/explain/entry.ts';
import type { AskedRequest, Unanswerable } from '../../traffic/explain/explanation.ts';
import { findFlips } from '../../traffic/explain/flips.ts';
import { trace } from '../../traffic/explain/trace.ts';
import { loadMeshOf, type MeshOptions } from '../cluster/load-mesh-of.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { expectShortRun } from '../short-run.ts';
import { mermaid } from './mermaid.ts';
import { pretty } from './pretty.ts';
import { answerText, askProxy, senderOf } from './proxy-answer.ts';
import { readAccessLog, readCurl, readHar, readHeader, unreadable, type WrittenRequest } from './request-line.ts';
import { verifyTokens } from './verify-tokens.ts';

interface Options extends MeshOptions {
  readonly from: string | undefined;
  readonly fromIp: string | undefined;
  readonly gateway: string | undefined;
  readonly header: readonly string[];
  readonly port: number | undefined;
  readonly dial: string | undefined;
  readonly curl: string | undefined;
  readonly har: string | undefined;
  readonly accessLog: string | undefined;
  readonly denied: boolean;
  readonly live: string | undefined;
  readonly namespace: string | undefined;
  readonly proxyAdminPort: number;
}

/** Throws a usage Fault where there is nothing to ask, or a request would begin at two places. */
const checkOptions = (options: Options): void => {
  if (options.filename.length === 0 && !options.useKube && options.live === undefined)
    throw new Fault('there is no configuration to ask', {
      kind: 'usage',
      code: 'NO_INPUT',
      hint: 'name files with -f, or ask a cluster with --use-kube or --live POD',
    });
  if ((options.from ?? options.live) !== undefined && options.gateway !== undefined)
    throw new Fault(`--gateway and ${options.from === undefined ? '--live' : '--from'} exclude each other`, {
      kind: 'usage',
      code: 'BAD_FLAG_VALUE',
      hint: 'a request begins in the mesh or outside of it',
    });
  const { fromIp } = options;
  if (fromIp !== undefined && isIP(fromIp) === 0)
    throw new Fault(`--from-ip wants an IP address, not "${fromIp}"`, { kind: 'usage', code: 'BAD_FLAG_VALUE' });
};

/** A pod has its own address, whatever a flag says. */
const checkAddress = ({ fromIp }: Options, { from, gateway }: AskedRequest): void => {
  if (fromIp === undefined || gateway !== undefined || from === 'outside') return;
  throw new Fault(`--from-ip is for clients outside of the mesh, and ${from} is in it`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
    hint: 'add --from outside or --gateway NAME',
  });
};

/** Answers `heddle explain METHOD URL` and its other ways of naming a request. */
export const explainRequest = async (context: Context, args: readonly string[], options: Options): Promise<number> => {
  checkOptions(options);
  expectShortRun();
  const written = await readRequest(context, args, options);
  const { live } = options;
  const from = live === undefined ? options.from : senderOf(live, options, options.filename.length > 0);
  const { view: loaded, problems } = await loadMeshOf(context, options);
  const request = answerOf(chooseEntry(loaded, askedOf(written, { ...options, from }), CLIENT_POD.replace(/-0$/, '')));
  checkAddress(options, request);
  const view = await verifyTokens(loaded, request, Math.floor(Date.now() / 1000));
  const { result, steps, met } = answerOf(trace(view, request));
  const notes = problems
    .filter(({ severity }) => severity !== 'info')
    .map(({ severity, message, span, resource }) => ({
      severity,
      message: resource === undefined ? message : `${resource}: ${message}`,
      ...(span === undefined ? {} : { source: `${span.file}:${span.line}` }),
    }));
  const shown = options.denied
    ? steps.filter(({ stage }) => ['mtls', 'token', 'authorization'].includes(stage))
    : steps;
  const flips = options.denied ? [] : findFlips(view, request, result);
  const proxy = live === undefined ? undefined : await askProxy(context, live, options, request, met);
  const document = { kind: 'Explanation', request, result, steps: shown, flips, notes, ...(proxy && { proxy }) };
  if (context.format === 'mermaid') context.out.write(mermaid(document));
  else await printDocument(context, document, () => pretty(document, context.out.paint));
  if (proxy === undefined) return EXIT.ok;
  if (context.format === 'pretty' || context.format === 'text') context.out.line(answerText(proxy));
  return proxy.isSame ? EXIT.ok : EXIT.drift;
};

const answerOf = <T extends object>(answer: T | Unanswerable): T => {
  if (!isUnanswerable(answer)) return answer;
  throw new Fault(answer.message, { kind: 'usage', code: answer.code, hint: answer.hint });
};

const isUnanswerable = (answer: object): answer is Unanswerable => 'code' in answer && 'hint' in answer;

const readRequest = async (context: Context, args: readonly string[], options: Options): Promise<WrittenRequest> => {
  const { curl, har, accessLog } = options;
  if (curl !== undefined) return readCurl(curl);
  if (accessLog !== undefined) return readAccessLog(accessLog === '-' ? await context.io.readStdin() : accessLog);
  if (har !== undefined) {
    const [, file = har, entry = '0'] = /^(.*)#(\d+)$/.exec(har) ?? [];
    try {
      return readHar(await readFile(resolve(context.io.cwd, file), 'utf8'), Number(entry));
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      throw new Fault(`cannot read ${file}`, { kind: 'io', code: 'FILE_NOT_READ', hint: 'name a HAR file', cause });
    }
  }
  const [method = '', url = ''] = args;
  return { method, url, headers: [] };
};

/** The URL is kept as written: what proxies make of its path is what is to be explained. */
const askedOf = ({ method, url, headers }: WrittenRequest, options: Options): AskedRequest => {
  const [, scheme = 'http', host, path = ''] = /^(?:(https?|grpc):\/\/)?(?:[^/?#@]*@)?([^/?#]+)(.*)$/is.exec(url) ?? [];
  if (host === undefined) throw unreadable(`"${url}" is no URL`, 'write http://HOST/PATH');
  const lines = [...headers, ...options.header.map(readHeader)];
  const named = lines.findLast(([name]) => name === 'host')?.[1];
  return {
    method,
    authority: named ?? host,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: lines.filter(([name]) => name !== 'host'),
    isTls: scheme.toLowerCase() === 'https',
    from: options.from,
    fromAddress: options.fromIp,
    gateway: options.gateway,
    port: options.port,
    // The Host header may say another name than the one that is dialled.
    dial: options.dial ?? (named === undefined || options.gateway !== undefined ? undefined : host),
  };
};
