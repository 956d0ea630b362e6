import { defineCommand, flag, text } from '../command.ts';

export const diff = defineCommand({
  summary: 'Compares two configurations by what becomes of requests, and tells which changes break a caller.',
  examples: [
    ['heddle diff old/ new/', 'two directories or files'],
    ['heddle diff --base origin/main k8s/', 'the working tree against a revision of git'],
    ['heddle diff --base origin/main k8s/ -o markdown', 'for a comment on a pull request'],
    ['heddle diff old/ new/ --breaking', 'exit code 81 only when a caller breaks'],
  ],
  arguments: [
    {
      name: 'PATH',
      summary: 'OLD and NEW: files, directories or patterns, joined by commas; with --base, NEW alone',
      variadic: true,
    },
  ],
  options: {
    base: text('--base <rev>', 'OLD is what PATH was at this branch, tag or commit (REV...: where HEAD left it)'),
    exitCode: flag('--exit-code', 'exit with 81 when any request is treated differently'),
    breaking: flag('--breaking', 'exit with 81 only when a change is breaking'),
  },
  formats: ['pretty', 'text', 'json', 'yaml', 'markdown'],
  exitCodes: {
    65: 'a text cannot be read',
    81: 'with --exit-code: something differs; with --breaking: something breaks',
  },
  notes: [
    'Requests are made up from both configurations: for each route and policy rule some that it takes and some that miss it by one condition, from every identity and at every gateway that both have. Both are asked as heddle explain asks, without a cluster and without sending anything.',
    'Breaking: fewer are answered than before, or a redirect or an entirely different destination answers. Additive: more are answered. Everything else is changed: other shares, rewrites, timeouts, retries, faults, headers.',
    'Services without workloads in either input are taken to answer.',
  ],
  seeAlso: ['heddle explain', 'heddle analyze'],
  run: async (context, args, options) => (await import('../diff/run.ts')).runDiff(context, args, options),
});
