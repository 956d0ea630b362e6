import { CLUSTER_EXIT_CODES } from '../cluster/flags.ts';
import { MESH_FLAGS } from '../cluster/load-mesh-of.ts';
import { defineCommand, flag, texts } from '../command.ts';

export const tlsCheck = defineCommand({
  summary: 'Tells for each client and service whether they speak mutual TLS, and which object decides it.',
  examples: [
    ['heddle tls-check -f k8s/', 'every client, every service'],
    ['heddle tls-check web reviews', 'in the cluster'],
    ['heddle tls-check web reviews -f k8s/', 'one client and one service'],
    ['heddle tls-check --strict -f k8s/', 'who would break if every sidecar were STRICT'],
  ],
  arguments: [
    { name: 'FROM', summary: 'WORKLOAD, NAMESPACE/WORKLOAD, NAMESPACE/SERVICE-ACCOUNT, a gateway, or outside' },
    { name: 'TO', summary: 'SERVICE, SERVICE.NAMESPACE, a full name, or a workload' },
  ],
  options: {
    filename: texts('-f, --filename <path>', 'configuration: a file, directory, pattern, or -; repeatable'),
    strict: flag('--strict', 'only what would break if every server with a sidecar were STRICT'),
    ...MESH_FLAGS,
    exitCode: flag('--exit-code', 'exit with 79 on a conflict; with --strict, when anything would break'),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    65: 'the files cannot be read',
    ...CLUSTER_EXIT_CODES,
    79: 'with --exit-code: there is a conflict, or something would break',
  },
  notes: [
    "CLIENT is the mode of the DestinationRule in force, or what auto mTLS comes to. SERVER is the mode of the PeerAuthentication in force at the workload's port. DECIDED BY names both; - means defaults.",
    'OK: encrypted. PLAINTEXT-ALLOWED: it works, and anybody on the way can read it. CONFLICT: the connection fails.',
    'Clients without a sidecar, and those outside of the mesh, send plaintext. Ports of gateways are left out as servers: their Gateway says what they take. Without -f the cluster is asked: who has a sidecar is what its pods say.',
  ],
  seeAlso: ['heddle explain', 'heddle diff'],
  run: async (context, args, options) => (await import('../mtls/tls-check.ts')).tlsCheck(context, args, options),
});
