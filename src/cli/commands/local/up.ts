import { Fault } from '../../../base/fault.ts';
import { stateDirectory } from '../../../local/state.ts';
import { defineCommand, durationMs, enabled, flag, integer, text } from '../../command.ts';
import { STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { samplePath } from '../../mesh/samples.ts';

const EXEC_ENVIRONMENT: Readonly<Record<string, string>> = {
  HTTP_PROXY: 'set for the command of --exec: the sidecar of the built-in client',
  HEDDLE_GATEWAY_URL: 'set for the command of --exec: http://localhost:GATEWAY_PORT',
};

const DEFAULT_GATEWAY_PORT = 8080;
const DEFAULT_TIMEOUT_MS = 30_000;

const usage = (message: string, hint: string): Fault => new Fault(message, { kind: 'usage', code: 'BAD_USAGE', hint });

const inputOf = (paths: readonly string[], sample: string | undefined, cwd: string): readonly string[] => {
  if (sample !== undefined && paths.length > 0)
    throw usage('--sample and paths exclude each other', 'give one of them');
  if (sample !== undefined) return [samplePath(sample, cwd)];
  if (paths.length === 0) throw usage('there is nothing to run', 'name a file or directory, or try --sample hello');
  return paths;
};

export const up = defineCommand({
  summary: 'Runs a mesh on this machine: workloads, sidecars, gateways, mutual TLS.',
  examples: [
    ['heddle local up --sample hello', 'the sample mesh, until Ctrl-C'],
    ['heddle local up ./k8s', 'all YAML below a directory; saving a file reloads it'],
    ['heddle local up -d app.yaml', 'in the background; "heddle local down" ends it'],
    ['heddle local up ./k8s --exec "npm test"', 'run the tests in the mesh, then take it down'],
    ['kubectl kustomize ./k8s | heddle local up -', 'from standard input'],
  ],
  arguments: [
    { name: 'PATH', summary: 'files, directories or globs of YAML or JSON; - is standard input', variadic: true },
  ],
  options: {
    sample: text('--sample <name>', 'a configuration that comes with heddle, such as hello'),
    detach: flag('-d, --detach', 'return when the mesh is ready and leave it running'),
    exec: text('--exec <command>', 'run a shell command in the mesh, then end with its exit code'),
    gatewayPort: integer('--gateway-port <port>', 'where services and gateways listen (default 8080, 0: any)', {
      min: 0,
      max: 65535,
    }),
    watch: enabled('--watch', 'reload when a file changes (default); --no-watch does not'),
    timeout: durationMs('--timeout <duration>', 'how long to wait until ready (default 30s)', DEFAULT_TIMEOUT_MS),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    65: 'the input cannot be parsed or is not valid',
    73: 'a port is taken or the state directory cannot be used',
    74: 'an input file cannot be read',
    75: 'the mesh was not ready in time',
    77: 'the state directory belongs to someone else',
  },
  environment: { ...STATE_ENVIRONMENT, ...EXEC_ENVIRONMENT },
  notes: [
    'Every service is at http://SERVICE.NAMESPACE.localhost:GATEWAY_PORT/ on this machine. Images are not run: a stand-in answers in their place, and every line that shows one says so; "heddle local run" puts a process of yours there.',
    'With --exec the exit code is that of the command. Ctrl-C ends the mesh and leaves no process, port or file behind (130).',
  ],
  seeAlso: ['heddle local status', 'heddle local curl URL', 'heddle local down'],
  handlesInterrupt: true,
  run: async (context, args, options) => {
    if (options.detach && options.exec !== undefined)
      throw usage('--detach and --exec exclude each other', '--exec ends the mesh with its command');
    const plan = {
      paths: inputOf(args, options.sample, context.io.cwd),
      watch: options.watch,
      gatewayPort: options.gatewayPort ?? DEFAULT_GATEWAY_PORT,
      timeoutMs: options.timeout,
      stateDir: stateDirectory(context.io.env, context.io.cwd),
    };
    // The whole data plane is loaded by the process that runs it, and not for a help page.
    if (options.detach) return (await import('../../mesh/detach.ts')).runDetached(context, plan);
    return (await import('../../mesh/foreground.ts')).runForeground(context, plan, options.exec);
  },
});
