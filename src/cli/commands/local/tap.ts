import { defineCommand, enabled, flag, integer } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { FILTER_OPTIONS, tapFilter } from '../../mesh/tap-filter.ts';
import { tapLine } from '../../mesh/tap-line.ts';

export const tap = defineCommand({
  summary: 'Shows requests of the running mesh as they finish, at both of their proxies.',
  examples: [
    ['heddle local tap', 'everything, until Ctrl-C'],
    ['heddle local tap --to reviews --status 5xx', 'failing calls of one workload'],
    ['heddle local tap productpage -o ndjson', 'what its proxies see, one JSON object per line'],
    ['heddle local tap --no-follow --tail 20', 'the last twenty of the past'],
  ],
  arguments: [{ name: 'WORKLOAD', summary: 'only its proxies: NAME or NAME.NAMESPACE' }],
  options: {
    ...FILTER_OPTIONS,
    both: flag('--both', "the callee's record too where the caller's proxy has one"),
    follow: enabled('--follow', 'go on as requests finish (default); --no-follow does not'),
    tail: integer('--tail <events>', 'so many events of the past first (default 0, all with --no-follow)', {
      min: 0,
      max: 1_000_000,
    }),
  },
  formats: ['text', 'ndjson'],
  exitCodes: NO_MESH_CODES,
  environment: STATE_ENVIRONMENT,
  notes: [
    'Values of authorization, cookie and key headers, and of tokens in queries, are never shown. Headers are there only where an access log or a metric asks for them.',
  ],
  seeAlso: ['heddle local top', 'heddle local logs'],
  run: async (context, [workload], { both, follow, tail, ...filter }) => {
    const isWanted = tapFilter(filter);
    const mesh = await connectMesh(context.io);
    const query = { follow, tail: tail ?? (follow ? 0 : undefined), workload };
    for await (const event of mesh.tap(query, context.signal)) {
      // Over mutual TLS the caller has a proxy, whose record tells more.
      const isRepeated = !both && workload === undefined && event.side === 'destination' && event.isMutualTls;
      if (isRepeated || !isWanted(event)) continue;
      context.out.line(context.format === 'ndjson' ? JSON.stringify(event) : tapLine(event, context.out.paint));
    }
    return EXIT.ok;
  },
});
