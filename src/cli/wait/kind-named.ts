import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { KINDS, type Kind } from '../../model/kinds.ts';

/** kubectl's short names of kinds that istiod reads. */
const SHORT_NAMES = new Map([
  ['ap', 'authorizationpolicy'],
  ['dr', 'destinationrule'],
  ['gw', 'gateway'],
  ['pa', 'peerauthentication'],
  ['ra', 'requestauthentication'],
  ['se', 'serviceentry'],
  ['vs', 'virtualservice'],
  ['we', 'workloadentry'],
  ['wg', 'workloadgroup'],
]);

const READ = KINDS.filter(({ schemaSet }) => schemaSet === 'istio' || schemaSet === 'gateway-api');

const namesOf = ({ kind, plural, group }: Kind): readonly string[] =>
  [kind.toLowerCase(), plural].flatMap((name) => [name, `${name}.${group}`]);

/** The kind of istiod's configuration that a word means, as kubectl takes it: `vs`, `virtualservices`, `gateways.networking.istio.io`. */
export const kindNamed = (word: string): Kind => {
  const typed = word.toLowerCase();
  const name = SHORT_NAMES.get(typed) ?? typed;
  const found = READ.find((kind) => namesOf(kind).includes(name));
  if (found !== undefined) return found;
  const near = suggest(name, READ.flatMap(namesOf));
  throw new Fault(`istiod reads no kind ${word}`, {
    kind: 'usage',
    code: 'UNKNOWN_TYPE',
    hint: near === undefined ? 'name a kind of Istio or the Gateway API, as kubectl does' : `did you mean ${near}?`,
  });
};
