import type { HeaderMatcher, QueryMatcher, RouteMatch, StringMatcher } from '../tables.ts';

/** A StringMatcher; Envoy has no "present" there, for which any text at all stands. */
export const stringMatch = (matcher: StringMatcher): object => {
  switch (matcher.kind) {
    case 'regex':
      return { safe_regex: { regex: matcher.source } };
    case 'present':
      return { safe_regex: { regex: '.*' } };
    case 'segment-prefix':
      return { prefix: matcher.value };
    default:
      return { [matcher.kind]: matcher.value };
  }
};

const valueMatch = (value: StringMatcher): object =>
  value.kind === 'present' ? { present_match: true } : { string_match: stringMatch(value) };

const headerMatch = ({ name, value, invert, matchesAbsent }: HeaderMatcher): object => ({
  name,
  ...valueMatch(value),
  ...(invert ? { invert_match: true } : {}),
  ...(matchesAbsent ? { treat_missing_header_as_empty: true } : {}),
});

/** A MetadataMatcher for a claim of the token's payload, which may be a text or a list of them. */
export const claimMatch = (claim: readonly string[], value: StringMatcher): object => {
  const text = { string_match: stringMatch(value) };
  return {
    filter: 'envoy.filters.http.jwt_authn',
    path: ['payload', ...claim].map((key) => ({ key })),
    value: { or_match: { value_matchers: [{ list_match: { one_of: text } }, text] } },
  };
};

const pathMatch = (path: StringMatcher | undefined): object => {
  if (path === undefined) return { prefix: '/' };
  switch (path.kind) {
    case 'exact':
      return { path: path.value };
    case 'prefix':
      return { prefix: path.value };
    case 'segment-prefix':
      return { path_separated_prefix: path.value };
    default:
      return stringMatch(path);
  }
};

const queryMatch = ({ name, value }: QueryMatcher): object => ({ name, ...valueMatch(value) });

const pseudoHeader = (name: string, value: StringMatcher | undefined): readonly object[] =>
  value === undefined ? [] : [{ name, ...valueMatch(value) }];

/** A RouteMatch. Method, authority and scheme are headers to Envoy. */
export const routeMatch = (match: RouteMatch): object => {
  const headers = [
    ...pseudoHeader(':method', match.method),
    ...pseudoHeader(':authority', match.authority),
    ...pseudoHeader(':scheme', match.scheme),
    ...match.headers.filter(({ claim }) => claim === undefined).map(headerMatch),
  ];
  const claims = match.headers.flatMap(({ claim, value, invert }) =>
    claim === undefined ? [] : [{ ...claimMatch(claim, value), ...(invert ? { invert: true } : {}) }],
  );
  return {
    ...pathMatch(match.path),
    ...(match.ignoreCase ? { case_sensitive: false } : {}),
    ...(headers.length === 0 ? {} : { headers }),
    ...(match.query.length === 0 ? {} : { query_parameters: match.query.map(queryMatch) }),
    ...(claims.length === 0 ? {} : { dynamic_metadata: claims }),
  };
};
