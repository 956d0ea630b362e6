import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { printDocument } from '../../output.ts';
import { printProblems } from '../../report/problems.ts';

export const reload = defineCommand({
  summary: 'Reads the input again and brings the running mesh to it, all or nothing.',
  examples: [
    ['heddle local reload', 'after a change, where the mesh runs with --no-watch'],
    ['heddle local reload -o json', 'what changed, for scripts'],
  ],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 65: 'the input is not valid; the last good configuration stays', ...NO_MESH_CODES },
  environment: STATE_ENVIRONMENT,
  seeAlso: ['heddle local status'],
  run: async (context) => {
    const result = await (await connectMesh(context.io)).reload();
    const verdict = result.applied ? 'in force' : 'stays in force: the input is not valid';
    const changes = result.applied && result.changed.length === 0 ? ['nothing changed'] : result.changed;
    await printDocument(context, result, () =>
      [`configuration ${result.generation} ${verdict}`, ...changes.map((line) => `  ${line}`), ''].join('\n'),
    );
    printProblems(result.problems, [], context.err);
    return result.applied ? EXIT.ok : EXIT.input;
  },
});
