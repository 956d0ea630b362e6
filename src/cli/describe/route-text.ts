import type { DescribedRoute } from '../../traffic/explain/describe-route.ts';
import { at, indent, listOf, RULE, textOf } from './lines.ts';

/** As many proxies as are named; of more, how many. */
const NAMED = 5;

const proxiesText = (what: string, names: readonly string[]): string => {
  const rest = names.length - NAMED;
  return `In ${names.length} ${what}${names.length === 1 ? '' : 's'}: ${listOf(names.slice(0, NAMED))}${rest > 0 ? ` and ${rest} more` : ''}`;
};

type Rule = DescribedRoute['rules'][number];

const destinationLines = ({ destinations }: Rule): readonly string[] =>
  destinations.flatMap(({ host, port, subset, percent, source, problem }) => [
    `Route to host "${host}" port ${port}${subset === undefined ? '' : ` subset "${subset}"`} with weight ${percent}%${at(source)}`,
    ...(problem === undefined ? [] : [`   WARNING: ${problem.message} (${problem.proxy})`]),
  ]);

const ruleLines = (rule: Rule, isAnywhere: boolean): readonly string[] => {
  const { matches, actions, shadowedBy, delegate } = rule;
  if (delegate !== undefined) return [`${rule.rule}: as VirtualService ${delegate} says${at(rule.source)}`];
  return [
    `${rule.rule}: ${matches.length === 0 ? 'in no proxy' : listOf(actions)}${at(rule.source)}`,
    ...indent([
      ...matches.map((match) => `Match: ${match}`),
      ...destinationLines(rule),
      ...(shadowedBy === undefined
        ? []
        : [`WARNING: ${shadowedBy.resource} takes all of it before${at(shadowedBy.source)}`]),
      ...(matches.length === 0 && isAnywhere
        ? ['WARNING: a rule before it takes everything, or no proxy meets its conditions']
        : []),
    ]),
  ];
};

/** A route and where it is in force, with the place of every object. */
export const routeText = (route: DescribedRoute): string => {
  const { hosts, parents, rules, sidecars, gateways, rivals, problems } = route;
  const isAnywhere = sidecars.length + gateways.length > 0;
  return textOf([
    `${route.type}: ${route.name}.${route.namespace}${at(route.source)}`,
    ...indent([
      ...(hosts.length === 0 ? [] : [`Hosts: ${listOf(hosts)}`]),
      ...parents.map(({ parent, exists, source }) =>
        exists ? `Carried by: ${parent}${at(source)}` : `WARNING: there is no ${parent}, which should carry it`,
      ),
      ...(sidecars.length === 0 ? [] : [proxiesText('sidecar', sidecars)]),
      ...(gateways.length === 0 ? [] : [proxiesText('gateway', gateways)]),
      ...(isAnywhere ? [] : ['WARNING: no proxy has any of it']),
      ...rivals.map(
        ({ host, resource, source }) => `WARNING: ${resource} answers for ${host} in its place${at(source)}`,
      ),
      ...problems.map(({ message, source }) => `WARNING: ${message}${at(source)}`),
    ]),
    ...(rules.length === 0 ? [] : [RULE]),
    ...rules.flatMap((rule) => ruleLines(rule, isAnywhere)),
  ]);
};
