/** Random AuthorizationPolicies, and requests that they are likely to speak of: both draw from the same few words. */

export interface Caller {
  /** Empty = plaintext. */
  readonly spiffeId: string;
  readonly serverName: string;
  readonly address: string;
}

export interface RandomRequest {
  readonly caller: Caller;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** One entry a line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

export const IDS = [
  '',
  'spiffe://cluster.local/ns/a/sa/x',
  'spiffe://td2/ns/b/sa/y',
  'spiffe://cluster.local/ns/default/sa/x',
  'spiffe://foreign/ns/abc/sa/x',
] as const;
export const CLAIMS: readonly (Readonly<Record<string, unknown>> | undefined)[] = [
  undefined,
  undefined,
  { iss: 'issuer', sub: 'one', aud: ['shop', 'bank'], azp: 'front', groups: ['staff'], nested: { role: 'admin' } },
  { iss: 'issuer', sub: 'two', aud: 'shop', groups: 'staff', nested: { role: ['user', 'admin'] } },
  { iss: 'other/part', sub: 'one', groups: [] },
];
const SERVERS = ['outbound_.80_._.app', 'other.example.com'];
const SOURCES = ['127.0.1.1', '127.0.2.7'];
/** Where Envoy listens. */
export const DESTINATIONS = ['127.0.0.1', '127.0.0.2'] as const;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b/c',
  '/a//c',
  '/b?x=/a',
  '/x/../a',
  '/%61',
  '/a%2Fb',
  '/a/b/c/d',
  '/admin.html',
];
const HOSTS = ['app', 'APP', 'app:8080', 'app.example.com', 'a.b.example.com:80'];
const VALUES = ['one', 'two', 'onetwo', 'One', '', 'one,two'];

const ADDRESS_BLOCKS = [
  '127.0.1.0/24',
  '127.0.2.7',
  '127.0.0.0/8',
  '10.0.0.0/8',
  '::1/128',
  '127.0.0.2/31',
  '0.0.0.0/0',
];
const PRINCIPALS = ['cluster.local/ns/a/sa/x', '*/sa/x', 'cluster.local/ns/a/*', '*', 'td2/ns/b/sa/y', 'foreign/*'];
const NAMESPACES = ['a', 'b', 'a*', '*b', '*', 'a*c', '*b*', 'default'];
const ACCOUNTS = ['x', 'a/x', 'b/y', 'default/x'];
const REQUEST_PRINCIPALS = ['issuer/one', 'issuer/*', '*/one', '*', '*one', 'iss*', 'other/part/one', 'issuer'];
const PATH_PATTERNS = ['/', '/a', '/a/*', '*/c', '/a/{*}/c', '/{**}/c', '/a/{**}', '*', '/a*', '/{*}', '*.html', '/A'];
const HOST_PATTERNS = ['app', 'APP', 'app:*', '*.example.com', 'app.example.com', '*', '*:8080', 'app.*'];
const METHOD_PATTERNS = ['GET', 'P*', '*T', '*', 'get'];
const VALUE_PATTERNS = ['one', 'one*', '*two', '*', 'two', 'ONE', 'shop', 'staff', 'admin', 'front'];

/** Numbers below 1 in an order that a seed decides (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

type Random = () => number;

const pick = <T>(random: Random, list: readonly [T, ...T[]] | readonly T[]): T => {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined && !list.includes(found as T)) throw new Error('nothing to pick from');
  return found as T;
};

/** One or two values, without repetition. */
const some = (random: Random, list: readonly string[]): readonly string[] => [
  ...new Set([pick(random, list), ...(random() < 0.4 ? [pick(random, list)] : [])]),
];

export const randomRequest = (random: Random): RandomRequest => {
  const spiffeId = pick(random, IDS);
  const header = (name: string): readonly (readonly [string, string])[] =>
    random() < 0.5 ? [] : [[name, pick(random, VALUES)] as const];
  return {
    caller: { spiffeId, serverName: spiffeId === '' ? '' : pick(random, SERVERS), address: pick(random, SOURCES) },
    to: pick(random, DESTINATIONS),
    method: pick(random, METHODS),
    path: pick(random, PATHS),
    host: pick(random, HOSTS),
    headers: [
      ...header('x-a'),
      ...header('x-a'),
      ...header('x-b'),
      ...(random() < 0.3
        ? [['x-forwarded-for', pick(random, ['10.1.1.1', '127.0.1.9, 10.1.1.2', '9.9.9.9'])] as const]
        : []),
    ],
    claims: pick(random, CLAIMS),
  };
};

type Lists = Readonly<Record<string, readonly string[]>>;

/** Some of the fields, each itself or as its `not` twin, and at least one. */
const fields = (random: Random, pools: Lists): Lists => {
  const names = Object.keys(pools);
  const chosen = new Set([pick(random, names), ...(random() < 0.35 ? [pick(random, names)] : [])]);
  return Object.fromEntries(
    [...chosen].map((name) => {
      const field = random() < 0.25 ? `not${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
      return [field, some(random, pools[name] ?? [])];
    }),
  );
};

const conditionsFor = (ports: readonly string[]): Lists => ({
  'request.headers[x-a]': VALUE_PATTERNS,
  'request.headers[X-B]': VALUE_PATTERNS,
  'request.headers[:path]': PATHS,
  'source.ip': ADDRESS_BLOCKS,
  'remote.ip': ADDRESS_BLOCKS,
  'destination.ip': ADDRESS_BLOCKS,
  'destination.port': ports,
  'connection.sni': ['outbound_.80_._.app', '*.example.com', 'outbound*', '*'],
  'source.namespace': NAMESPACES,
  'source.principal': PRINCIPALS,
  'source.serviceAccount': ACCOUNTS,
  'request.auth.principal': REQUEST_PRINCIPALS,
  'request.auth.audiences': VALUE_PATTERNS,
  'request.auth.presenter': VALUE_PATTERNS,
  'request.auth.claims[groups]': VALUE_PATTERNS,
  'request.auth.claims[nested][role]': VALUE_PATTERNS,
});

const randomRule = (random: Random, ports: readonly string[], isCustom: boolean): object => {
  const sources: Lists = isCustom
    ? { ipBlocks: ADDRESS_BLOCKS, remoteIpBlocks: ADDRESS_BLOCKS }
    : {
        principals: PRINCIPALS,
        requestPrincipals: REQUEST_PRINCIPALS,
        ipBlocks: ADDRESS_BLOCKS,
        remoteIpBlocks: ADDRESS_BLOCKS,
        // Namespaces and accounts are alternatives to each other and to principals.
        ...(random() < 0.5 ? { namespaces: NAMESPACES } : {}),
      };
  const accounts = !isCustom && random() < 0.15;
  const source = (): object =>
    accounts
      ? { [random() < 0.25 ? 'notServiceAccounts' : 'serviceAccounts']: some(random, ACCOUNTS) }
      : fields(random, sources);
  const operation = (): object =>
    fields(random, { hosts: HOST_PATTERNS, ports, methods: METHOD_PATTERNS, paths: PATH_PATTERNS });
  const keys = conditionsFor(ports);
  const condition = (): object => {
    const allowed = Object.keys(keys).filter((key) => !isCustom || !/^(?:source\.[nps]|request\.auth)/.test(key));
    const key = pick(random, allowed);
    return { key, [random() < 0.3 ? 'notValues' : 'values']: some(random, keys[key] ?? []) };
  };
  const upTo2 = (chance: number, make: () => object): object[] =>
    random() < chance ? [make(), ...(random() < 0.3 ? [make()] : [])] : [];
  const from = upTo2(0.55, source).map((one) => ({ source: one }));
  const to = upTo2(0.55, operation).map((one) => ({ operation: one }));
  const when = upTo2(0.4, condition);
  return {
    ...(from.length === 0 ? {} : { from }),
    ...(to.length === 0 ? {} : { to }),
    ...(when.length === 0 ? {} : { when }),
  };
};

/** One to three policies for the workload `app: server` of namespace `default`, as JSON documents. */
export const randomPolicies = (random: Random, ports: readonly string[]): string => {
  const policies = ['p', 'q', 'r'].slice(0, 1 + Math.floor(random() * 3)).map((name) => {
    const action = pick(random, ['DENY', 'DENY', 'ALLOW', 'ALLOW', 'CUSTOM', 'AUDIT']);
    const isCustom = action === 'CUSTOM';
    const rules = [
      ...(action === 'ALLOW' && random() < 0.1 ? [] : [randomRule(random, ports, isCustom)]),
      ...(random() < 0.4 ? [randomRule(random, ports, isCustom)] : []),
    ];
    return {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name, namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'server' } },
        action,
        ...(isCustom ? { provider: { name: 'none' } } : {}),
        rules,
      },
    };
  });
  return policies.map((policy) => `${JSON.stringify(policy)}\n`).join('---\n');
};
