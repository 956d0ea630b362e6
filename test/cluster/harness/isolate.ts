// Runs a command in a network of its own, in which the pods' addresses are local, so that programs can be pods:
//   tsx isolate.ts COMMAND...
// Linux with unshare and ip; needs no root where user namespaces are allowed. Elsewhere the command runs as it is, and
// tests that need the network are skipped. All that the command started ends with it.
import { spawnSync } from 'node:child_process';
import { ISOLATED, POD_CIDR } from './network.ts';

const identity = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
const namespaces = [...identity, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const setUp = [
  'ip link set lo up',
  `ip route replace local ${POD_CIDR} dev lo`,
  // pilot-agent and istioctl want an address that is not loopback.
  'ip link add node type bridge',
  'ip link set node up',
  'ip addr add 10.243.0.1/32 dev node',
].join(' && ');
const isolated = (command: readonly string[]): readonly string[] => [
  ...['unshare', ...namespaces, 'sh', '-c', `${setUp} && exec "$@"`, 'sh', ...command],
];
const run = ([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv = process.env, isQuiet = false) =>
  spawnSync(file, args, { stdio: isQuiet ? 'ignore' : 'inherit', env }).status ?? 1;

const command = process.argv.slice(2);
const works = run(isolated(['true']), process.env, true) === 0;
process.exitCode = works ? run(isolated(command), { ...process.env, [ISOLATED]: 'yes' }) : run(command);
