import type { StringMatch, VirtualServiceHttp } from '../../../model/schema/generated/types-istio.ts';

/**
 * The order of rules that the Gateway API asks for, across all routes of a host: exact paths, then prefixes, then regexes,
 * the longer first; then rules that ask for a method, for more headers, for more parameters. Each rule has one match at
 * most; what this leaves equal keeps its order.
 */
export const byPrecedence = (left: VirtualServiceHttp, right: VirtualServiceHttp): number => {
  const [one, other] = [left.match?.[0], right.match?.[0]];
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return (
    rankOf(other.uri) - rankOf(one.uri) ||
    lengthOf(other.uri) - lengthOf(one.uri) ||
    Number(other.method !== undefined) - Number(one.method !== undefined) ||
    countOf(other.headers) - countOf(one.headers) ||
    countOf(other.queryParams) - countOf(one.queryParams)
  );
};

const rankOf = (uri: StringMatch | undefined): number => {
  if (uri?.exact !== undefined) return 3;
  if (uri?.prefix !== undefined) return 2;
  return uri?.regex === undefined ? 0 : 1;
};

const lengthOf = (uri: StringMatch | undefined): number => (uri?.exact ?? uri?.prefix ?? uri?.regex ?? '').length;

const countOf = (conditions: Readonly<Record<string, StringMatch>> | undefined): number =>
  Object.keys(conditions ?? {}).length;
