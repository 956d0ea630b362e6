import { GoMap, GoSlice, type GoValue } from '../value.ts';
import { orElse } from './or-else.ts';
import { trimSpace } from './sprig/characters.ts';
import { parseJson } from './sprig/json-read.ts';

/** The networks of a JSON list of objects; undefined where the text is none. */
const readNetworks = (text: string): readonly GoMap[] | undefined => {
  const value = orElse<GoValue>(
    () => parseJson(text),
    () => '',
  );
  if (!(value instanceof GoSlice)) return value === null ? [] : undefined;
  const items = value.items ?? [];
  const maps = items.filter((item) => item instanceof GoMap);
  return items.every((item) => item === null || item instanceof GoMap) ? maps : undefined;
};

/** Adds a network, `name` or `namespace/name`, to a Multus annotation, a JSON list or a list in text, unless it is there. */
export const appendMultusNetwork = (existing: string, network: string): string => {
  if (existing === '') return network;
  const end = existing.lastIndexOf(']');
  if (end < 0) {
    const present = existing.split(',').some((one) => trimSpace(one) === network);
    return present ? existing : `${existing}, ${network}`;
  }
  const networks = readNetworks(existing);
  if (networks === undefined) return existing;
  const [first = '', second] = network.split('/');
  const [namespace, name] = second === undefined ? ['', first] : [first, second];
  const present = networks.some(
    ({ entries }) => entries?.get('name') === name && (entries.get('namespace') ?? '') === namespace,
  );
  if (present) return existing;
  const addition = namespace === '' ? `{"name": "${name}"}` : `{"name": "${name}", "namespace": "${namespace}"}`;
  return `${existing.slice(0, end)}, ${addition}${existing.slice(end)}`;
};
