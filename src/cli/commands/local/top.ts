import { defineCommand, integer } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { FILTER_OPTIONS, tapFilter } from '../../mesh/tap-filter.ts';
import { createTop, topTable } from '../../mesh/top-table.ts';
import { printDocument } from '../../output.ts';

const REDRAW_MS = 1_000;
const CLEAR_SCREEN = '\x1b[H\x1b[2J';

export const top = defineCommand({
  summary: 'Ranks the requests of the running mesh: how often, how fast, how well.',
  examples: [
    ['heddle local top', 'live on a terminal, once into a pipe'],
    ['heddle local top --from productpage', 'what one workload calls'],
    ['heddle local top -o json', 'the counts so far, for scripts'],
  ],
  arguments: [{ name: 'WORKLOAD', summary: 'only its proxies: NAME or NAME.NAMESPACE' }],
  options: {
    ...FILTER_OPTIONS,
    limit: integer('--limit <rows>', 'rows to show (default 20)', { min: 1, max: 10_000 }),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: NO_MESH_CODES,
  environment: STATE_ENVIRONMENT,
  notes: ["Counts what the callers' proxies saw, from what the mesh remembers on. Times are theirs, retries included."],
  seeAlso: ['heddle local tap'],
  run: async (context, [workload], { limit = 20, ...filter }) => {
    const isWanted = tapFilter(filter);
    const mesh = await connectMesh(context.io);
    const ranking = createTop();
    const isLive = context.out.isTty && context.format === 'text';
    const redraw = isLive
      ? setInterval(() => context.out.write(`${CLEAR_SCREEN}${topTable(ranking.rows(), limit)}`), REDRAW_MS)
      : undefined;
    try {
      for await (const event of mesh.tap({ follow: isLive, tail: undefined, workload }, context.signal)) {
        // A caller over mutual TLS has a proxy of its own, whose record counts.
        const isRepeated = event.side === 'destination' && event.isMutualTls && workload === undefined;
        if (!isRepeated && isWanted(event)) ranking.add(event);
      }
    } finally {
      clearInterval(redraw);
    }
    const items = ranking.rows().slice(0, limit);
    await printDocument(context, { kind: 'LocalTop', items }, () => topTable(items, limit));
    return EXIT.ok;
  },
});
