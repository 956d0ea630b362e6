import { defineCommand, flag, integer } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';

const MAX_LINES = 1_000_000;

export const logs = defineCommand({
  summary: 'Prints the access logs of the proxies in the running mesh.',
  examples: [
    ['heddle local logs', 'everything the mesh remembers'],
    ['heddle local logs -f hello-service', 'follow one workload'],
    ['heddle local logs --tail 20', 'the last lines'],
    ['heddle local logs -f -o ndjson', 'one JSON object per line, with the proxy'],
  ],
  arguments: [{ name: 'WORKLOAD', summary: 'only its proxies: NAME or NAME.NAMESPACE' }],
  options: {
    follow: flag('-f, --follow', 'go on printing as requests finish, until Ctrl-C'),
    tail: integer('--tail <lines>', 'only the last so many lines of the past', { min: 0, max: MAX_LINES }),
  },
  formats: ['text', 'ndjson', 'json'],
  exitCodes: NO_MESH_CODES,
  environment: STATE_ENVIRONMENT,
  notes: ['A line is what Istio logs; in front of it stands the proxy, unless a workload was named.'],
  seeAlso: ['heddle local curl --explain URL'],
  run: async (context, [workload], { follow, tail }) => {
    const mesh = await connectMesh(context.io);
    const lines = mesh.logs({ follow, tail, workload }, context.signal);
    if (context.format === 'json') {
      const items: unknown[] = [];
      for await (const line of lines) items.push(line);
      context.out.line(JSON.stringify({ apiVersion: 'heddle/v1', kind: 'LogLines', items }, null, 2));
      return EXIT.ok;
    }
    for await (const { proxy, text } of lines) {
      if (context.format === 'ndjson') context.out.line(JSON.stringify({ proxy, text }));
      else context.out.line(workload === undefined ? `${context.out.paint.dim(proxy)} ${text}` : text);
    }
    return EXIT.ok;
  },
});
