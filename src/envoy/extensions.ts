import { sortLikeGo } from './go-sort.ts';
import { at, type JsonObject, listAt, textAt } from './json.ts';
import type { SummaryTable } from './table.ts';

/** What ECDS gave the proxy, from every EcdsConfigDump, as one document. */
export const mergeExtensions = (sections: readonly JsonObject[]): JsonObject => ({
  ecds_filters: sections.flatMap((section) => listAt(section, 'ecds_filters')),
});

/** One row an extension configuration, by type and name. */
export const extensionTable = (merged: JsonObject): SummaryTable => {
  const rows = listAt(merged, 'ecds_filters').map((item) => {
    const filter = at(item, 'ecds_filter');
    return { name: textAt(filter, 'name'), type: textAt(filter, 'typed_config', '@type') };
  });
  return {
    headers: ['ECDS NAME', 'TYPE'],
    rows: sortLikeGo(rows, (left, right) =>
      left.type === right.type ? left.name < right.name : left.type < right.type,
    ).map(({ name, type }) => [name, type.replace(/^type\.googleapis\.com\//, '')]),
    gap: 5,
  };
};
