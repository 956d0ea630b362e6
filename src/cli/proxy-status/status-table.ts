import { CORE_TYPES, type SyncState, shortType, type TypeSync, worst } from '../../envoy/sync-state.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import type { Paint } from '../output.ts';
import { renderTable } from '../table.ts';
import { ageText } from './age.ts';
import type { ConnectedProxy } from './sync-source.ts';

/** What beside the core types is shown. */
export interface TableShape {
  /** A column for every type that some proxy follows. */
  readonly allTypes: boolean;
  /** A last column that counts and lists the types of each proxy. */
  readonly subscribed: boolean;
}

const same = (text: string): string => text;

const brushOf = (state: SyncState, { red, yellow }: Paint): ((text: string) => string) =>
  state === 'ERROR' ? red : state === 'STALE' ? yellow : same;

const cell = (types: readonly TypeSync[], paint: Paint, nowMs: number): string => {
  const type = worst(types);
  if (type === undefined) return 'IGNORED';
  const { state, sentMs } = type;
  const age = state === 'NOT SENT' || sentMs === undefined ? '' : ` (${ageText(nowMs - sentMs)})`;
  return brushOf(state, paint)(`${state}${age}`);
};

/** The columns of types: the core ones, then the others that there are by name. */
const columnsOf = (proxies: readonly ConnectedProxy[], allTypes: boolean): readonly string[] => {
  if (!allTypes) return CORE_TYPES;
  const seen = proxies.flatMap(({ types }) => types.map(({ typeUrl }) => shortType(typeUrl)));
  return [...CORE_TYPES, ...[...new Set(seen)].filter((type) => !CORE_TYPES.some((core) => core === type)).sort()];
};

const subscribedText = (types: readonly TypeSync[], columns: readonly string[]): string => {
  const followed = new Set(types.map(({ typeUrl }) => shortType(typeUrl)));
  return followed.size === 0 ? '0' : `${followed.size} (${columns.filter((column) => followed.has(column)).join(',')})`;
};

/** A row for each proxy and a column for each type, with how long ago istiod sent it. */
export const statusTable = (
  proxies: readonly ConnectedProxy[],
  { allTypes, subscribed }: TableShape,
  paint: Paint,
  nowMs: number,
): string => {
  const columns = columnsOf(proxies, allTypes);
  const every = columnsOf(proxies, true);
  const headers = ['NAME', 'CLUSTER', ...columns.map(escapeControls), 'ISTIOD', 'VERSION'];
  const rows = proxies.map(({ name, cluster, types, istiod, version }) => {
    const cells = columns.map((column) =>
      cell(
        types.filter(({ typeUrl }) => shortType(typeUrl) === column),
        paint,
        nowMs,
      ),
    );
    const said = [name, cluster].map(escapeControls);
    const row = [...said, ...cells, istiod, escapeControls(version)];
    return subscribed ? [...row, escapeControls(subscribedText(types, every))] : row;
  });
  return renderTable(subscribed ? [...headers, 'SUBSCRIBED TYPES'] : headers, rows);
};
