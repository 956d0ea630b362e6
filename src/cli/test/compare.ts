import { parseDuration } from '../../base/duration.ts';
import type { Explanation, Met } from '../../traffic/explain/explanation.ts';
import type { RouteAction } from '../../traffic/tables.ts';
import type { Expectation } from './test-file.ts';

/** One key of `expect` that does not hold. */
export interface Mismatch {
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

/** A cluster's name taken apart; of other clusters than Istio's own the whole name is the host. */
interface Target {
  readonly cluster: string;
  readonly host: string;
  readonly port: string;
  readonly subset: string;
  readonly percent: number;
}

const targetOf = (cluster: string, percent: number): Target => {
  const [direction, port = '', subset = '', host = cluster] = cluster.split('|');
  return direction === 'outbound'
    ? { cluster, host, port, subset, percent }
    : { cluster, host: cluster, port: '', subset: '', percent };
};

/** `reviews`, `reviews.default` and so on name `reviews.default.svc.cluster.local`. */
const namesHost = (written: string, host: string): boolean => host === written || host.startsWith(`${written}.`);

/** Destinations of the first proxy; shares are of the requests that go anywhere, in percent. */
const targetsOf = (met: readonly Met[]): readonly Target[] => {
  const destinations = met.flatMap((one) => (one.kind === 'destination' ? [one] : []));
  const total = destinations.reduce((sum, { share }) => sum + share, 0);
  return destinations.map(({ destination, share }) =>
    targetOf(destination.cluster, Math.round((share / total) * 10_000) / 100),
  );
};

const joined = (values: readonly string[]): string => (values.length === 0 ? 'none' : [...new Set(values)].join(', '));

const weightsText = (weights: readonly (readonly [name: string, percent: number])[]): string =>
  joined(weights.map(([name, percent]) => `${name} ${percent} %`));

const compareWeights = (
  weights: Readonly<Record<string, number>>,
  targets: readonly Target[],
): Mismatch | undefined => {
  const wanted = Object.entries(weights).filter(([, percent]) => percent > 0);
  const percentOf = (name: string): number =>
    targets
      .filter(
        ({ subset, host, cluster }) => (subset === '' ? namesHost(name, host) : subset === name) || cluster === name,
      )
      .reduce((sum, { percent }) => sum + percent, 0);
  const isMet =
    Object.entries(weights).every(([name, percent]) => Math.abs(percentOf(name) - percent) < 0.01) &&
    Math.abs(wanted.reduce((sum, [, percent]) => sum + percent, 0) - 100) < 0.01;
  if (isMet) return undefined;
  const actual = weightsText(targets.map(({ subset, host, percent }) => [subset === '' ? host : subset, percent]));
  return { field: 'weights', expected: weightsText(wanted), actual };
};

/** Whether policies let a request pass; undefined where it reached neither an application nor a policy that denies. */
const verdictOf = ({ result, met }: Explanation): 'allow' | 'deny' | undefined => {
  if (result.policy !== null) return 'deny';
  const isAnswered = result.host !== null || result.redirect !== null || met.some(({ kind }) => kind === 'policy');
  return isAnswered ? 'allow' : undefined;
};

type Forward = Extract<RouteAction, { readonly kind: 'forward' }>;

/** One comparison: the key, what was expected, what is, and whether that is the same. */
type Check = readonly [field: string, expected: unknown, actual: unknown, isMet: boolean];

const destinationChecks = (expect: Expectation, explanation: Explanation): readonly Check[] => {
  const targets = targetsOf(explanation.met);
  const check = (key: 'host' | 'port' | 'subset' | 'cluster', holds: (written: string, one: string) => boolean) => {
    const written = expect[key];
    if (written === undefined) return [];
    const found = targets.map((target) => target[key]);
    const isMet = found.length > 0 && found.every((one) => holds(String(written), one));
    return [[key, written, joined(found.map((one) => (one === '' ? '""' : one))), isMet] as const];
  };
  const same = (written: string, one: string): boolean => written === one;
  return [...check('host', namesHost), ...check('port', same), ...check('subset', same), ...check('cluster', same)];
};

const requestChecks = (expect: Expectation, { met, result }: Explanation): readonly Check[] => {
  const sent = met.flatMap((one) => (one.kind === 'destination' ? [one.sent] : []));
  const linesOf = (name: string): readonly string[] =>
    sent.map((one) => one.headerValues(name.toLowerCase()).join(','));
  const isSent = sent.length > 0;
  return [
    ...Object.entries(expect.headers ?? {}).map(([name, value]): Check => {
      const lines = linesOf(name);
      return [`headers.${name}`, value, joined(lines), isSent && lines.every((line) => line === value)];
    }),
    ...(expect.withoutHeaders ?? []).map((name): Check => {
      const lines = linesOf(name).filter((line) => line !== '');
      return [
        `withoutHeaders.${name}`,
        'none',
        isSent ? joined(lines) : 'nothing is sent',
        isSent && lines.length === 0,
      ];
    }),
    ...(['rewritePath', 'rewriteHost'] as const).flatMap((field): readonly Check[] => {
      const actual = field === 'rewritePath' ? result.path : result.host;
      return expect[field] === undefined ? [] : [[field, expect[field], actual, expect[field] === actual]];
    }),
  ];
};

const mirrorChecks = (wanted: NonNullable<Expectation['mirror']>, action: Forward | undefined): Check => {
  const mirrors = (action?.mirrors ?? []).map(({ cluster, percent }) => targetOf(cluster, percent));
  const isMet = mirrors.some(
    ({ host, subset, percent }) =>
      (wanted.host === undefined || namesHost(wanted.host, host)) &&
      (wanted.subset === undefined || wanted.subset === subset) &&
      (wanted.percent === undefined || wanted.percent === percent),
  );
  const expected = `${wanted.host ?? 'any host'} ${wanted.subset ?? ''} ${wanted.percent === undefined ? '' : `${wanted.percent} %`}`;
  return [
    'mirror',
    expected.replace(/ +/g, ' ').trim(),
    weightsText(mirrors.map((one) => [one.cluster, one.percent])),
    isMet,
  ];
};

const scalar = (field: string, expected: unknown, actual: unknown): readonly Check[] =>
  expected === undefined ? [] : [[field, expected, actual, expected === actual]];

const period = (field: string, expected: string | undefined, actualMs: number | undefined): readonly Check[] =>
  expected === undefined
    ? []
    : [[field, expected, actualMs === undefined ? undefined : `${actualMs}ms`, parseDuration(expected) === actualMs]];

const routeChecks = (expect: Expectation, { met }: Explanation): readonly Check[] => {
  const action = met.find((one) => one.kind === 'route')?.route.action;
  const forward = action?.kind === 'forward' ? action : undefined;
  const { delay, abort } = action?.fault ?? {};
  return [
    ...period('timeout', expect.timeout, forward?.timeoutMs),
    ...scalar('retries', expect.retries, forward === undefined ? undefined : (forward.retry?.attempts ?? 0)),
    ...(expect.mirror === undefined ? [] : [mirrorChecks(expect.mirror, forward)]),
    ...period('fault.delay.duration', expect.fault?.delay?.duration, delay?.ms),
    ...scalar('fault.delay.percent', expect.fault?.delay?.percent, delay?.percent ?? 0),
    ...scalar('fault.abort.status', expect.fault?.abort?.status, abort?.status),
    ...scalar('fault.abort.percent', expect.fault?.abort?.percent, abort?.percent ?? 0),
  ];
};

const policyChecks = (expect: Expectation, explanation: Explanation): readonly Check[] => {
  const verdict = verdictOf(explanation);
  const policies = explanation.met.flatMap((one) =>
    one.kind === 'policy' ? [one.origin.resource.replace(/^\w+ /, '')] : [],
  );
  return [
    ...scalar('authz', expect.authz, verdict),
    ...(expect.policy === undefined
      ? []
      : [['policy', expect.policy, joined(policies), policies.includes(expect.policy)] as const]),
  ];
};

const shown = (value: unknown): string => (value === undefined || value === null ? 'none' : String(value));

/** What of an expectation a request does not meet, in the order of the keys' meaning. */
export const compareOutcome = (expect: Expectation, explanation: Explanation): readonly Mismatch[] => {
  const { result } = explanation;
  const checks: readonly Check[] = [
    ...scalar('status', expect.status, result.status),
    ...scalar('flags', expect.flags, result.flags),
    ...destinationChecks(expect, explanation),
    ...scalar('redirect.code', expect.redirect?.code, result.redirect === null ? undefined : result.status),
    ...scalar('redirect.location', expect.redirect?.location, result.redirect),
    ...requestChecks(expect, explanation),
    ...policyChecks(expect, explanation),
    ...routeChecks(expect, explanation),
  ];
  const weights = expect.weights && compareWeights(expect.weights, targetsOf(explanation.met));
  return [
    ...checks.flatMap(([field, expected, actual, isMet]) =>
      isMet ? [] : [{ field, expected: shown(expected), actual: shown(actual) }],
    ),
    ...(weights === undefined ? [] : [weights]),
  ];
};
