/** Requests that tell rules apart: some that a rule takes, and some that miss it by one condition. */
import { sampleRegexBranches } from '../regex-sample.ts';
import { matchesString } from '../string-matcher.ts';
import type { AuthorizationCondition, AuthorizationRule, HeaderMatcher, Route, StringMatcher } from '../tables.ts';

/** What of a request rules look at; a host of its own where a rule asks for one. */
export interface Probe {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly authority?: string;
}

export const PLAIN_PROBE: Probe = { method: 'GET', path: '/', headers: [] };

/** One condition as values to try: those that meet it, the plainest first, and those that do not. */
interface Aspect {
  readonly meeting: readonly (string | undefined)[];
  readonly missing: readonly (string | undefined)[];
  put(probe: Probe, value: string | undefined): Probe;
}

const OTHER = 'other';

const samplesOf = (matcher: StringMatcher): readonly string[] => {
  switch (matcher.kind) {
    case 'present':
      return ['x'];
    case 'regex':
      return (matcher.source === '.*' ? ['x'] : sampleRegexBranches(matcher.source)).filter(matcher.test);
    case 'suffix':
      return [`x${matcher.value}`, matcher.value];
    case 'prefix':
      return [matcher.value, `${matcher.value}x`];
    default:
      return [matcher.value];
  }
};

/** The path itself, one below it, and one that only begins like it: what tells exact, prefix and path prefix apart. */
const around = (path: string): readonly string[] =>
  path.endsWith('/') ? [path, `${path}x`] : [path, `${path}/x`, `${path}x`];

const pathsOf = (matcher: StringMatcher): readonly string[] => {
  if (matcher.kind === 'present' || (matcher.kind === 'regex' && matcher.source === '.*')) return ['/', '/x'];
  const samples = matcher.kind === 'suffix' ? [`/x${matcher.value}`] : samplesOf(matcher).slice(0, 24);
  const paths = matcher.kind === 'prefix' ? samples.slice(0, 1) : samples;
  return paths.filter((path) => path.startsWith('/')).flatMap(around);
};

const withHeader = (probe: Probe, name: string, value: string | undefined): Probe => ({
  ...probe,
  headers: [
    ...probe.headers.filter(([other]) => other !== name),
    ...(value === undefined ? [] : [[name, value] as const]),
  ],
});

const pathAspect = (matcher: StringMatcher, ignoreCase: boolean): Aspect => {
  const paths = pathsOf(matcher);
  const meeting = paths.filter((path) => matchesString(matcher, path));
  return {
    meeting,
    missing: [
      ...paths.filter((path) => !meeting.includes(path)),
      ...(ignoreCase ? meeting.map((path) => path.toUpperCase()) : []),
      '/',
    ],
    put: (probe, path = '/') => ({ ...probe, path: path + probe.path.slice(probe.path.split('?', 1)[0]?.length) }),
  };
};

const methodAspect = (samples: readonly string[]): Aspect => ({
  meeting: samples,
  missing: [samples.includes('GET') ? 'POST' : 'GET', 'DELETE'].filter((method) => !samples.includes(method)),
  put: (probe, method = 'GET') => ({ ...probe, method }),
});

const headerAspect = ({ name, value, invert, matchesAbsent }: HeaderMatcher): Aspect => {
  const samples = samplesOf(value);
  const strangers = ['', OTHER].filter((text) => !matchesString(value, text));
  const put = (probe: Probe, text: string | undefined): Probe => withHeader(probe, name, text);
  if (!invert) return { meeting: samples, missing: [undefined, ...strangers], put };
  return {
    meeting: matchesAbsent ? [undefined, ...strangers] : strangers,
    missing: [...samples, ...(matchesAbsent ? [] : [undefined])],
    put,
  };
};

const queryAspect = (name: string, matcher: StringMatcher): Aspect => ({
  meeting: samplesOf(matcher),
  missing: [undefined, OTHER],
  put: (probe, value) => {
    const [path = '/', query = ''] = probe.path.split('?', 2);
    const others = query.split('&').filter((pair) => pair !== '' && !pair.startsWith(`${name}=`));
    const pairs = value === undefined ? others : [...others, `${name}=${value}`];
    return { ...probe, path: pairs.length === 0 ? path : `${path}?${pairs.join('&')}` };
  },
});

/** The request that meets all conditions in the plainest way, and all that differ from it in one of them. */
const probesAlong = (aspects: readonly Aspect[]): readonly Probe[] => {
  const plain = aspects.reduce<Probe>((probe, { meeting, put }) => put(probe, meeting[0]), PLAIN_PROBE);
  const varied = aspects.flatMap(({ meeting, missing, put }) =>
    [...meeting.slice(1), ...missing].map((value) => put(plain, value)),
  );
  return [plain, ...varied];
};

const authorityAspect = (matcher: StringMatcher): Aspect => ({
  meeting: samplesOf(matcher),
  missing: [undefined],
  put: ({ authority: _, ...probe }, authority) => (authority === undefined ? probe : { ...probe, authority }),
});

/** Requests around one route: its match, and the preflight where it answers those. */
export const probesOfRoute = ({ match, action }: Route): readonly Probe[] => {
  const probes = probesAlong([
    pathAspect(match.path ?? { kind: 'present' }, match.ignoreCase),
    ...(match.method === undefined ? [] : [methodAspect(samplesOf(match.method))]),
    ...(match.authority === undefined ? [] : [authorityAspect(match.authority)]),
    ...match.headers.map(headerAspect),
    ...match.query.map(({ name, value }) => queryAspect(name, value)),
  ]);
  const origins = action.kind === 'forward' ? (action.cors?.allowOrigins ?? []) : [];
  const [plain = PLAIN_PROBE] = probes;
  const preflights = [...origins.flatMap(samplesOf), ...(origins.length === 0 ? [] : ['http://other.example'])].map(
    (origin) => withHeader(withHeader({ ...plain, method: 'OPTIONS' }, 'origin', origin), PREFLIGHT, 'GET'),
  );
  return [...probes, ...preflights];
};

const PREFLIGHT = 'access-control-request-method';

const conditionAspect = (condition: AuthorizationCondition): readonly Aspect[] => {
  switch (condition.on) {
    case 'method':
      return [methodAspect(condition.values.concat(condition.notValues).flatMap(samplesOf))];
    case 'path': {
      const aspects = [...condition.values, ...condition.notValues].map((value) => pathAspect(value, false));
      const meeting = aspects.flatMap((aspect) => aspect.meeting);
      const missing = aspects.flatMap((aspect) => aspect.missing);
      return aspects.slice(0, 1).map(({ put }) => ({ meeting, missing, put }));
    }
    case 'header': {
      const meeting = [...condition.values, ...condition.notValues].flatMap(samplesOf);
      return [
        { meeting, missing: [undefined, OTHER], put: (probe, value) => withHeader(probe, condition.name, value) },
      ];
    }
    default:
      return [];
  }
};

/** Requests around one rule of a policy: what its operations and conditions ask of a request; callers are not its part. */
export const probesOfPolicyRule = ({ when, to }: AuthorizationRule): readonly Probe[] =>
  (to.length === 0 ? [[]] : to).flatMap((operation) =>
    probesAlong([...when, ...operation].flatMap((condition) => conditionAspect(condition))),
  );
