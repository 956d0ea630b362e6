import { connect } from 'node:net';
import type { AdminClient } from '../../../admin/client.ts';
import { Fault } from '../../../base/fault.ts';
import { type Context, defineCommand, integer, text } from '../../command.ts';
import { proxyEnvironment, runChild } from '../../mesh/child.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { printFault } from '../../report/fault.ts';

const LISTENS_WITHIN_MS = 30_000;

/** Whether something accepts connections on a loopback port. */
const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Binds as soon as the program listens, so that no request meets a port nobody serves yet; answers the binding. */
const bindWhenListening = async (
  context: Context,
  mesh: AdminClient,
  app: string,
  port: number,
  ended: AbortSignal,
  released: AbortSignal,
): Promise<string | undefined> => {
  const noticeAtMs = performance.now() + LISTENS_WITHIN_MS;
  let told = false;
  while (!(await isListening(port))) {
    if (ended.aborted) return undefined;
    if (!told && performance.now() > noticeAtMs) {
      context.err.line(`nothing listens on 127.0.0.1:${port} yet; ${app} is still answered by its stand-in`);
      told = true;
    }
    await pause(50);
  }
  if (ended.aborted) return undefined;
  try {
    const { id, workload, namespace, spiffeId } = await mesh.bind({ app, port }, released);
    if (!context.quiet) context.err.line(`${workload}.${namespace} is now 127.0.0.1:${port}, as ${spiffeId}`);
    return id;
  } catch (error) {
    // The program runs by now and is the user's: it is told, not ended.
    printFault(error, context.err, context.verbose > 0);
    return undefined;
  }
};

const required = <T>(name: string, value: T | undefined): T => {
  if (value !== undefined) return value;
  throw new Fault(`heddle local run needs ${name}`, {
    kind: 'usage',
    code: 'MISSING_FLAG',
    hint: 'for example: heddle local run --app reviews --port 9080 -- node server.js',
  });
};

export const run = defineCommand({
  summary: 'Puts an unmodified program of yours behind a sidecar of the running mesh.',
  examples: [
    ['heddle local run --app reviews --port 9080 -- node server.js', 'reviews is this process until it ends'],
    ['heddle local run --app api.shop --port 3000 npm start', 'a workload of another namespace'],
  ],
  arguments: [{ name: 'COMMAND', summary: 'the program and its arguments', required: true, variadic: true }],
  options: {
    app: text('--app <workload>', 'the workload it takes the place of: NAME or NAME.NAMESPACE'),
    port: integer('--port <port>', 'where the program listens, on 127.0.0.1', { min: 1, max: 65535 }),
  },
  formats: ['text'],
  exitCodes: { 1: 'the program cannot be started, or ended with 1', ...NO_MESH_CODES },
  environment: {
    ...STATE_ENVIRONMENT,
    HTTP_PROXY: 'set for the program: the outbound port of its sidecar (also http_proxy)',
    PORT: 'set for the program: the value of --port',
  },
  notes: ['The exit code is that of the program. When it ends, the stand-in answers again.'],
  seeAlso: ['heddle local status'],
  passThrough: true,
  handlesInterrupt: true,
  run: async (context, [program = '', ...args], options) => {
    const app = required('--app', options.app);
    const port = required('--port', options.port);
    const mesh = await connectMesh(context.io);
    const { proxy } = await mesh.curlTarget(app);
    const ended = new AbortController();
    const released = new AbortController();
    const code = runChild(
      context,
      { kind: 'program', program, args },
      { ...proxyEnvironment(proxy), PORT: String(port) },
    ).finally(() => ended.abort());
    const binding = bindWhenListening(context, mesh, app, port, ended.signal, released.signal);
    try {
      return await code;
    } finally {
      const id = await binding;
      // A mesh that is gone by now has no binding to undo.
      if (id !== undefined) await mesh.unbind({ id }).catch(() => undefined);
      released.abort();
    }
  },
});
