import { clusterFlags } from '../cluster/flags.ts';
import { enabled, flag, integer, type OptionSpec, text } from '../command.ts';

const ENVOY_ADMIN_PORT = 15_000;

const adminPort = integer('--proxy-admin-port <number>', "port of Envoy's admin interface (15000)", {
  min: 1,
  max: 65_535,
});

/** The port of Envoy's admin interface in pods. */
export const PROXY_ADMIN_PORT: OptionSpec<number> = {
  ...adminPort,
  read: (given) => adminPort.read(given) ?? ENVOY_ADMIN_PORT,
};

/** Flags that say how a pod's proxy is reached. */
export const POD_OPTIONS = {
  namespace: text('-n, --namespace <namespace>', 'namespace of the pod'),
  proxyAdminPort: PROXY_ADMIN_PORT,
  ...clusterFlags,
};

/** Says that the mesh on this machine is meant, not a cluster. */
export const LOCAL = flag('--local', 'of the mesh running on this machine (heddle local up)');

/** Flags that say which proxy, the same for every verb. */
export const PROXY_OPTIONS = {
  file: text('-f, --file <file>', "Envoy's answer, saved; - for standard input"),
  local: LOCAL,
  ...POD_OPTIONS,
};

export const POD_ARGUMENT = {
  name: 'POD',
  summary: 'a proxy of a cluster, or with --local of this machine: [TYPE/]NAME[.NAMESPACE]',
};

/** Codes of every verb. */
export const PROXY_EXIT_CODES = {
  65: 'the dump cannot be read, or has no such part',
  69: 'the proxy cannot be reached',
} as const;

/** Formats of every verb but bootstrap, whose default is json. */
export const FORMATS = ['short', 'json', 'yaml'] as const;

export const PORT = integer('--port <number>', 'only this port', { min: 0, max: 65_535 });
export const VERBOSE = enabled('--verbose', 'a row for each route and filter chain, not one for what holds them');

export const FQDN = text('--fqdn <text>', 'only clusters whose name has this text');
export const DIRECTION = text('--direction <direction>', 'only clusters of this direction: inbound or outbound');
export const SUBSET = text('--subset <text>', 'only clusters whose name has this text as well');
export const LISTENER_TYPE = text('--type <type>', 'only listeners of this type: HTTP, TCP, HTTP+TCP or UNKNOWN');
export const ROUTE_NAME = text('--name <name>', 'only the route configuration of this name');
export const CLUSTER = text('--cluster <name>', 'only endpoints of this cluster');
export const STATUS = text('--status <status>', 'only endpoints of this health status, such as healthy');
