import type { HeaderOperations } from './tables.ts';

/** The headers an operation works on; the proxy implements it over a request or a response. Names are lower case. */
export interface MutableHeaders {
  /** Replaces every line of the header. `host` stands for :authority. */
  set(name: string, value: string): void;
  /** Adds one more line. */
  add(name: string, value: string): void;
  remove(name: string): void;
}

/**
 * Applies operations in Envoy's order: remove, then set, then add; several levels go from the most specific to the least
 * (destination, then route), so that the route's `set` wins and its `add` comes last.
 * `format` expands Envoy's command operators and is called only for values that hold a `%`; a value that comes out empty
 * changes nothing.
 */
export const applyHeaderOperations = (
  levels: readonly (HeaderOperations | undefined)[],
  headers: MutableHeaders,
  format: (template: string) => string,
): void => {
  for (const operations of levels) {
    if (operations === undefined) continue;
    for (const name of operations.remove) headers.remove(name);
    for (const [name, template] of operations.set) {
      const value = template.includes('%') ? format(template) : template;
      if (value !== '') headers.set(name, value);
    }
    for (const [name, template] of operations.add) {
      const value = template.includes('%') ? format(template) : template;
      if (value !== '') headers.add(name, value);
    }
  }
};
