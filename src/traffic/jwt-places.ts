/** Where in a request tokens stand, and the request without them. */
import type { RequestHead } from './request.ts';
import type { TokenPlace } from './token-rules.ts';

interface PlacedToken {
  readonly place: TokenPlace;
  readonly text: string;
}

/** The tokens of a request in the places of a rule. */
export const tokensIn = (places: readonly TokenPlace[], request: RequestHead): readonly PlacedToken[] =>
  places.flatMap((place) => textsAt(place, request).map((text) => ({ place, text })));

const textsAt = (place: TokenPlace, request: RequestHead): readonly string[] => {
  switch (place.in) {
    case 'header':
      return request.headerValues(place.name).flatMap((value) => afterPrefix(value, place.prefix));
    case 'query': {
      const found = queryPairs(request.path).find((pair) => keyOf(pair) === place.name);
      return found === undefined ? [] : [percentDecoded(valueIn(found))];
    }
    case 'cookie': {
      const found = request
        .headerValues('cookie')
        .flatMap((line) => line.split(';'))
        .map((pair) => pair.trim())
        .find((pair) => pair.startsWith(`${place.name}=`));
      return found === undefined ? [] : [valueIn(found).replace(/^"(.*)"$/, '$1')];
    }
  }
};

/** Envoy finds the prefix anywhere in the value, and skips what no token begins with. */
const afterPrefix = (value: string, prefix: string): readonly string[] => {
  if (prefix === '') return [value];
  const at = value.indexOf(prefix);
  if (at < 0) return [];
  const rest = value.slice(at + prefix.length);
  const start = rest.search(/[A-Za-z0-9_.-]/);
  return [start < 0 ? value : rest.slice(start)];
};

/** The target without a query parameter; what is left of the query is in the order of its keys, as Envoy leaves it. */
export const withoutParameter = (target: string, name: string): string => {
  const path = target.split('?', 1)[0] ?? '';
  const rest = queryPairs(target)
    .filter((pair) => keyOf(pair) !== name)
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort((left, right) => compare(keyOf(left), keyOf(right)));
  return rest.length === 0 ? path : `${path}?${rest.join('&')}`;
};

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const queryPairs = (target: string): readonly string[] => {
  const mark = target.indexOf('?');
  return mark < 0
    ? []
    : target
        .slice(mark + 1)
        .split('&')
        .filter((pair) => pair !== '');
};

const keyOf = (pair: string): string => percentDecoded(pair.split('=', 1)[0] ?? '');

const valueIn = (pair: string): string => (pair.includes('=') ? pair.slice(pair.indexOf('=') + 1) : '');

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
