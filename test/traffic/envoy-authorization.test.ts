import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { runGoProgram } from '../../src/model/schema/generator/go-program.ts';
import { authorize } from '../../src/traffic/authorize.ts';
import { believedAddress } from '../../src/traffic/forwarded.ts';
import { normalizePath } from '../../src/traffic/path.ts';
import type { ProxyTables } from '../../src/traffic/tables.ts';
import { envoyBinary } from '../bench/proxy/peers.ts';
import { authority, spiffe } from '../proxy/small-mesh.ts';
import { compileText } from './compile-text.ts';
import {
  askEnvoy,
  CASE_HEADER,
  type EnvoyAnswer,
  freePorts,
  type IstioFilter,
  startEnvoy,
} from './envoy-authorization/envoy.ts';
import {
  CLAIMS,
  IDS,
  type RandomRequest,
  randomOf,
  randomPolicies,
  randomRequest,
} from './envoy-authorization/random-cases.ts';

/** HEDDLE_PAIRS=10000 HEDDLE_SEED=1 npx vitest run ... asks more, or other, questions. */
const PAIRS = Number(process.env['HEDDLE_PAIRS'] ?? 500);
const SEED = Number(process.env['HEDDLE_SEED'] ?? 20_260_827);
const REQUESTS_PER_CASE = 5;

const envoy = envoyBinary();
const absence =
  envoy === undefined
    ? ': Envoy is not installed'
    : spawnSync('go', ['version']).status === 0
      ? ''
      : ': Go is not installed';

const TRUST_DOMAINS = ['cluster.local', 'td2'];
const WORKLOAD = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "trustDomainAliases: [td2]"}
---
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: default, labels: {app: server}}
spec: {containers: [{name: app, image: app}]}
---
`;

interface Question {
  readonly at: number;
  readonly request: RandomRequest;
}

const textOf = ({ at, request }: Question, tokens: ReadonlyMap<unknown, string>): string => {
  const token = tokens.get(request.claims);
  const lines = [
    ['host', request.host],
    [CASE_HEADER, String(at)],
    ['content-length', '0'],
    ...request.headers,
    ...(token === undefined ? [] : [['authorization', `Bearer ${token}`]]),
  ];
  return `${request.method} ${request.path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
};

/** What heddle's policies say, in Envoy's words. */
const ownAnswer = ({ request }: Question, tables: ProxyTables | undefined, port: number): EnvoyAnswer => {
  const { caller, headers } = request;
  const values = (name: string): readonly string[] => headers.filter(([own]) => own === name).map(([, value]) => value);
  const normal = normalizePath(request.path, 'BASE');
  if ('refused' in normal) throw new Error(`${request.path} cannot be normalized`);
  const decision = authorize(
    tables?.authorization?.http,
    {
      address: request.to,
      port,
      remoteAddress: caller.address,
      tls: caller.spiffeId === '' ? undefined : { serverName: caller.serverName, peerPrincipal: caller.spiffeId },
    },
    {
      method: request.method,
      path: normal.path,
      authority: request.host,
      scheme: 'http',
      remoteAddress: believedAddress(false, 0, values('x-forwarded-for').join(','), caller.address),
      headerValues: values,
      claims: request.claims,
    },
  );
  if (decision.kind === 'deny')
    return { status: 403, details: `rbac_access_denied_matched_policy[${decision.policy}]` };
  return { status: 200, details: 'direct_response' };
};

/** Asks all questions, those of one caller to one address over one connection. */
const askAll = async (
  questions: readonly Question[],
  tokens: ReadonlyMap<unknown, string>,
  identities: ReadonlyMap<string, Identity>,
  portOf: (request: RandomRequest) => number,
): Promise<ReadonlyMap<Question, EnvoyAnswer>> => {
  const groups = new Map<string, Question[]>();
  for (const question of questions) {
    const key = JSON.stringify([question.request.caller, question.request.to]);
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  const answers = new Map<Question, EnvoyAnswer>();
  for (const group of groups.values()) {
    const request = group[0]?.request;
    if (request === undefined) continue;
    const to = { host: request.to, port: portOf(request) };
    const texts = group.map((question) => textOf(question, tokens));
    const got = await askEnvoy(request.caller, identities.get(request.caller.spiffeId), to, texts);
    for (const [index, question] of group.entries()) answers.set(question, got[index] ?? { status: 0, details: '' });
  }
  return answers;
};

it.skipIf(absence !== '')(
  `random policies decide as Istio’s own do in Envoy${absence}`,
  { timeout: 600_000 },
  async () => {
    const random = randomOf(SEED);
    const [plainPort = 0, tlsPort = 0, adminPort = 0] = await freePorts(3);
    const portOf = ({ caller }: RandomRequest): number => (caller.spiffeId === '' ? plainPort : tlsPort);
    const ports = [String(plainPort), String(tlsPort), '9999'];
    const sets = Array.from({ length: Math.ceil(PAIRS / REQUESTS_PER_CASE) }, () => randomPolicies(random, ports));
    const questions = sets.flatMap((_, at) =>
      Array.from({ length: REQUESTS_PER_CASE }, () => ({ at, request: randomRequest(random) })),
    );
    const program = resolve(import.meta.dirname, '../oracle/authorization/authorization.go');
    const output = runGoProgram(program, JSON.stringify({ TrustDomains: TRUST_DOMAINS, Sets: sets }));
    // Istio logs to standard output, too.
    const lines = output.split('\n').filter((line) => line.startsWith('['));
    const cases = lines.map((line) => JSON.parse(line) as readonly IstioFilter[]);
    expect(cases).toHaveLength(sets.length);
    const mesh = await authority();
    const identities = new Map(
      await Promise.all(IDS.filter((id) => id !== '').map(async (id) => [id, await mesh.issue(id)] as const)),
    );
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const tokens = new Map<unknown, string>();
    for (const claims of CLAIMS) {
      if (claims === undefined) continue;
      tokens.set(claims, await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey));
    }
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] });
    const identity = await mesh.issue(spiffe('server'));
    const binary = envoy ?? '';
    const running = await startEnvoy({ binary, plainPort, tlsPort, adminPort, identity, jwks, cases });
    try {
      const answers = await askAll(questions, tokens, identities, portOf);
      const compiled = await Promise.all(sets.map(async (set) => compileText(WORKLOAD + set)));
      const problems = compiled.flatMap((one) => one.problems.filter(({ severity }) => severity === 'error'));
      expect(problems).toEqual([]);
      let denied = 0;
      const differences = questions.flatMap((question) => {
        const { at, request } = question;
        const own = ownAnswer(question, compiled[at]?.proxies.get('default/server'), portOf(request));
        const real = answers.get(question);
        if (real?.status === 403) denied += 1;
        if (own.status === real?.status && own.details === real.details) return [];
        return [{ own, real, request: { ...request, port: portOf(request) }, policies: sets[at] }];
      });
      console.log(`${questions.length} pairs, ${denied} denied, ${differences.length} differences (seed ${SEED})`);
      expect(differences.slice(0, 3)).toEqual([]);
      expect(denied).toBeGreaterThan(questions.length / 10);
      expect(denied).toBeLessThan((9 * questions.length) / 10);
    } finally {
      await running.stop();
    }
  },
);
