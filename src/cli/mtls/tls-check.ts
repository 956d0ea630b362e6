import { Fault } from '../../base/fault.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import { type TlsResult, type TlsRow, tlsTable } from '../../traffic/mtls/tls-table.ts';
import { loadMeshOf, type MeshOptions } from '../cluster/load-mesh-of.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { type Paint, printDocument } from '../output.ts';
import { renderTable } from '../table.ts';

interface Options extends MeshOptions {
  readonly strict: boolean;
  readonly exitCode: boolean;
}

/** Answers `heddle tls-check [FROM] [TO]`. */
export const tlsCheck = async (
  context: Context,
  [from, to]: readonly string[],
  { strict, exitCode, ...options }: Options,
): Promise<number> => {
  const { view } = await loadMeshOf(context, options);
  const rows = tlsTable(view, from, to);
  if ('code' in rows) throw new Fault(rows.message, { kind: 'usage', code: rows.code, hint: rows.hint });
  const breaking = rows.filter(wouldBreak);
  const conflicts = rows.filter(({ result }) => result === 'CONFLICT');
  const count = (result: TlsResult): number => rows.filter((row) => row.result === result).length;
  const document = {
    kind: 'TlsCheck',
    summary: {
      ok: count('OK'),
      plaintextAllowed: count('PLAINTEXT-ALLOWED'),
      conflict: conflicts.length,
      breakingIfStrict: breaking.length,
    },
    items: rows,
  };
  await printDocument(context, document, () => {
    if (rows.length === 0) return 'no client has a service to talk to\n';
    if (!strict) return tableOf(rows, context.out.paint);
    if (breaking.length === 0) return 'nobody would break if every sidecar were STRICT\n';
    return `${tableOf(breaking, context.out.paint)}\nwould break if every sidecar were STRICT; ${rows.length - breaking.length} other rows would not change\n`;
  });
  const bad = strict ? breaking : conflicts;
  return exitCode && bad.length > 0 ? EXIT.findings : EXIT.ok;
};

const wouldBreak = ({ result, ifStrict }: TlsRow): boolean => result !== 'CONFLICT' && ifStrict === 'CONFLICT';

const HEADERS = ['FROM', 'TO', 'PORT', 'CLIENT', 'SERVER', 'RESULT', 'DECIDED BY'];

const MAX_NAMES = 3;

const namesText = (names: readonly string[]): string =>
  names.length <= MAX_NAMES
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`;

/** Workloads are named where those behind one service are not received alike. */
const targetText = ({ to, subset, workloads }: TlsRow, rows: readonly TlsRow[]): string => {
  const host = to.replace(/\.svc\.cluster\.local$/, '') + (subset === undefined ? '' : ` subset ${subset}`);
  const isSplit = rows.some((other) => other.to === to && other.workloads.join() !== workloads.join());
  return isSplit ? `${host} (${namesText(workloads)})` : host;
};

const tableOf = (rows: readonly TlsRow[], paint: Paint): string => {
  const colors = { OK: paint.green, CONFLICT: paint.red, 'PLAINTEXT-ALLOWED': paint.yellow };
  const cells = rows.map((row) => [
    escapeControls(namesText(row.from)),
    escapeControls(targetText(row, rows)),
    String(row.port),
    escapeControls(row.client),
    row.server,
    colors[row.result](row.result),
    escapeControls(row.decidedBy.join(', ')),
  ]);
  return renderTable(HEADERS, cells);
};
