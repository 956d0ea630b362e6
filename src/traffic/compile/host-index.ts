import { suffixTable } from '../suffix-table.ts';

/** Finds what was written for a host, or for a wildcard that covers it (see `hostCovers`), in the order of the index. */
export type HostIndex<T> = (host: string) => readonly T[];

/** Indexes items by their hosts: names, `*.suffix` or `*`. */
export const indexHosts = <T>(items: Iterable<T>, hostsOf: (item: T) => readonly string[]): HostIndex<T> => {
  const all = [...items].map((item, order) => ({ item, order }));
  const byHost = new Map<string, Set<(typeof all)[number]>>();
  for (const entry of all) {
    for (const host of hostsOf(entry.item)) {
      const known = byHost.get(host);
      if (known === undefined) byHost.set(host, new Set([entry]));
      else known.add(entry);
    }
  }
  const wildcards = [...byHost].flatMap(([host, entries]) =>
    host.startsWith('*') ? [[host.slice(1), entries] as const] : [],
  );
  const { values, lengths } = suffixTable(new Map(wildcards));
  return (host) => {
    const found = new Set(byHost.get(host));
    const isWildcard = host.startsWith('*');
    const name = isWildcard ? host.slice(1) : host;
    for (const length of lengths) {
      // `*.example.com` stands for at least one character, and covers itself.
      if (length > name.length || (length === name.length && !isWildcard && length > 0)) continue;
      for (const entry of values.get(name.slice(name.length - length)) ?? []) found.add(entry);
    }
    return [...found].sort((left, right) => left.order - right.order).map(({ item }) => item);
  };
};

/** Answers whether a name, `*.suffix` or `*` is one of the hosts, or covers one (see `hostCovers`). */
export const indexCovered = (hosts: Iterable<string>): ((pattern: string) => boolean) => {
  const covered = new Set<string>();
  for (const host of hosts) {
    covered.add(host).add('*');
    for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) covered.add(`*${host.slice(dot)}`);
  }
  return (pattern) => covered.has(pattern);
};
