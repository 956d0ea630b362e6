import { escapeControls } from '../../telemetry/access-log.ts';
import type { AccessRecord } from '../../telemetry/access-record.ts';
import { explainFlags } from '../../telemetry/flags.ts';
import type { Paint } from '../output.ts';

const or = (text: string, otherwise: string): string => (text === '' || text === '-' ? otherwise : text);

/** Client sidecar before server sidecar, whichever finished first. */
export const inRequestOrder = (records: readonly AccessRecord[]): readonly AccessRecord[] =>
  records.toSorted(
    (a, b) => a.startMs - b.startMs || Number(a.reporter === 'destination') - Number(b.reporter === 'destination'),
  );

const decision = (record: AccessRecord): string => {
  const name = record.routeName === '' ? '' : `route ${record.routeName}, `;
  return `decided by   ${name}${or(record.routeOrigin, "Istio's default")}`;
};

const denial = ({ deniedBy }: AccessRecord): readonly string[] =>
  deniedBy === undefined ? [] : [`denied by    ${deniedBy}`];

const answer = (record: AccessRecord): string => {
  const code = record.responseCode === 0 ? 'no answer' : String(record.responseCode);
  const attempts = record.attempts > 1 ? `, ${record.attempts} attempts` : '';
  return `answered     ${code} in ${Math.round(record.durationMs)} ms${attempts}`;
};

const flagLines = (record: AccessRecord): readonly string[] =>
  record.flags === '-' || record.flags === ''
    ? []
    : [`flags        ${record.flags}`, ...explainFlags(record.flags).map((meaning) => `             ${meaning}`)];

const reason = (record: AccessRecord): readonly string[] => {
  const told = [record.details, record.upstreamFailure, record.connectionTerminationDetails].filter(
    (text) => text !== '' && text !== '-' && text !== 'via_upstream',
  );
  return told.length === 0 ? [] : [`because      ${told.join('; ')}`];
};

const clientHop = (record: AccessRecord): readonly string[] => [
  `request      ${record.method} ${record.authority}${record.path}`,
  decision(record),
  `cluster      ${or(record.upstreamCluster, 'none')}`,
  `endpoint     ${or(record.upstreamHost, 'none')}`,
  ...denial(record),
  answer(record),
  ...flagLines(record),
  ...reason(record),
];

const serverHop = (record: AccessRecord): readonly string[] => [
  `request      ${record.method} ${record.authority}${record.path}`,
  decision(record),
  ...denial(record),
  answer(record),
  ...flagLines(record),
  ...reason(record),
];

const block = (title: string, lines: readonly string[], { bold, dim }: Paint): readonly string[] => [
  bold(title),
  // What callers and servers sent is shown, and must not drive the terminal.
  ...lines.map((line) => `${dim('│')} ${escapeControls(line)}`),
];

/** The connection between two sidecars, told from the client's record where it has it. */
const connection = (client: AccessRecord | undefined, server: AccessRecord | undefined): readonly string[] => {
  const from = or(client?.localPrincipal ?? '', server?.peerPrincipal ?? '');
  const to = or(client?.upstreamPrincipal ?? '', server?.localPrincipal ?? '');
  if (from === '' || to === '') return ['plaintext'];
  const version = or(server?.tlsVersion ?? '', client?.tlsVersion ?? '');
  return [`mutual ${version === '' ? 'TLS' : version}`, `client       ${from}`, `server       ${to}`];
};

/** `POD.NAMESPACE`, as people name a pod. */
const displayName = ({ proxy }: AccessRecord): string => proxy.split('/').reverse().join('.');

/** How one request went through the mesh, hop by hop: client sidecar, the connection, server sidecar, application. */
export const hopLines = (records: readonly AccessRecord[], paint: Paint): readonly string[] => {
  if (records.length === 0) return [paint.dim('no sidecar has a record of this request')];
  const lines: string[] = [];
  const ordered = inRequestOrder(records);
  for (const [at, record] of ordered.entries()) {
    const next = ordered[at + 1];
    if (record.reporter === 'source') {
      lines.push(...block(`client sidecar  ${displayName(record)}`, clientHop(record), paint));
      const server = next?.reporter === 'destination' ? next : undefined;
      const reached = server !== undefined || record.upstreamPrincipal !== '';
      if (reached) lines.push(...block('connection', connection(record, server), paint));
    } else {
      lines.push(...block(`server sidecar  ${displayName(record)}`, serverHop(record), paint));
      if (record.upstreamHost !== '' && record.upstreamHost !== '-')
        lines.push(...block('application', [`address      ${record.upstreamHost}`], paint));
    }
  }
  return lines;
};
