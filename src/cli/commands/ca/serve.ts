import { once } from 'node:events';
import { isIP } from 'node:net';
import { Fault } from '../../../base/fault.ts';
import { assertMayIssue, MAX_TTL_MS } from '../../../ca/authority.ts';
import { openCallers } from '../../../ca/serve/callers.ts';
import { ROOT_PATH, startCaServer } from '../../../ca/serve/server.ts';
import { openAuthority } from '../../../ca/store.ts';
import { defineCommand, durationMs, integer, text, texts } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { clock, ENVIRONMENT, EXIT_CODES, existingRoot, identityOf, stateDirOf } from './authority-state.ts';

/** Where istiod serves it. */
const DEFAULT_PORT = 15_012;
const LOOPBACK = '127.0.0.1';
/** What agents call it by unless they are told another name. */
const ISTIOD = 'istiod.istio-system.svc';

export const caServe = defineCommand({
  summary: "Serves the certificate authority by Istio's own protocol, until Ctrl-C: signs requests of known workloads.",
  examples: [
    ['heddle ca serve default/reviews', 'for one service account; says where its token is'],
    ['heddle ca serve default/a default/b --port 0', 'for two, on a free port'],
  ],
  arguments: [
    {
      name: 'IDENTITY',
      summary: 'who may ask: NAMESPACE/SERVICE-ACCOUNT or a SPIFFE ID',
      required: true,
      variadic: true,
    },
  ],
  options: {
    address: text('--address <ip>', `where to listen, ${LOOPBACK} unless given`),
    port: integer('--port <number>', `the port, ${DEFAULT_PORT} unless given, 0 for a free one`, {
      min: 0,
      max: 65_535,
    }),
    name: texts('--name <host>', 'a further DNS name or IP address that clients call; repeatable'),
    ttl: durationMs('--ttl <duration>', 'lifetime where none is asked for, 24h unless given', MAX_TTL_MS),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...EXIT_CODES, 73: 'the port is taken' },
  environment: ENVIRONMENT,
  notes: [
    `The protocol is gRPC over TLS, istio.v1.auth.IstioCertificateService, which istio-agent and others speak. The root is at ${ROOT_PATH}, without a token.`,
    'A caller shows its token as "authorization: Bearer TOKEN" and gets certificates of the identity of that token and of no other. Tokens are in files that you alone may read; who removes one gets a new one at the next start.',
  ],
  seeAlso: ['heddle ca root', 'heddle ca issue'],
  handlesInterrupt: true,
  run: async (context, subjects, { address = LOOPBACK, port = DEFAULT_PORT, name, ttl }) => {
    if (isIP(address) === 0)
      throw new Fault(`--address wants an IP address, not "${address}"`, { kind: 'usage', code: 'BAD_FLAG_VALUE' });
    const { trustDomain } = existingRoot(context);
    const stateDir = stateDirOf(context);
    const identities = subjects.map((subject) => identityOf(subject, trustDomain));
    for (const identity of identities) assertMayIssue(identity, trustDomain);
    const authority = await openAuthority({ stateDir, trustDomain, clock, ttlMs: ttl });
    const callers = openCallers(stateDir, identities, clock);
    const server = await startCaServer({
      authority,
      callers,
      clock,
      random: Math.random,
      host: address,
      port,
      hostNames: [...new Set(['localhost', LOOPBACK, address, ISTIOD, ...name])],
      onRefusal: (reason) => {
        if (!context.quiet) context.err.line(`refused: ${reason}`);
      },
    });
    try {
      const url = `https://${isIP(address) === 6 ? `[${address}]` : address}:${server.port}`;
      const document = { kind: 'CaServer', url, root: `${url}${ROOT_PATH}`, items: callers.items };
      await printDocument(context, document, () =>
        [
          `serving ${url}`,
          ...callers.items.map(({ spiffeId, tokenFile }) => `${spiffeId}  token in ${tokenFile}`),
          '',
        ].join('\n'),
      );
      if (!context.signal.aborted) await once(context.signal, 'abort');
      return EXIT.ok;
    } finally {
      await server.close();
    }
  },
});
