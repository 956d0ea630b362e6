import { type Refuser, type Verdict, validateDocuments } from '../../analysis/validate/validate.ts';
import { Fault } from '../../base/fault.ts';
import { hasErrors } from '../../base/problem.ts';
import { readSources } from '../../input/read.ts';
import { loadYaml } from '../../yaml/load.ts';
import { defineCommand, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { printProblems } from '../report/problems.ts';
import { expectShortRun } from '../short-run.ts';

const REFUSER_NAMES: Readonly<Record<Refuser, string>> = {
  schema: 'the schema',
  webhook: "Istio's webhook",
  istiod: 'istiod',
  istioctl: 'istioctl',
};

const countOf = (verdicts: readonly Verdict[], verdict: Verdict['verdict']): number =>
  verdicts.filter((one) => one.verdict === verdict).length;

const objects = (count: number): string => `${count} ${count === 1 ? 'object' : 'objects'}`;

const summaryOf = (verdicts: readonly Verdict[], unreadable: number) => ({
  objects: verdicts.length,
  valid: countOf(verdicts, 'valid'),
  invalid: countOf(verdicts, 'invalid'),
  unknown: countOf(verdicts, 'unknown'),
  warnings: verdicts.flatMap(({ problems }) => problems).filter(({ severity }) => severity === 'warning').length,
  unreadable,
});

/** `3 objects: 1 valid, 2 refused (1 by the schema, 1 by Istio's webhook)` */
const lastLine = (verdicts: readonly Verdict[], unreadable: number): string => {
  const { valid, unknown } = summaryOf(verdicts, unreadable);
  const refused = (Object.keys(REFUSER_NAMES) as readonly Refuser[]).flatMap((refuser) => {
    const count = verdicts.filter(({ refusedBy }) => refusedBy === refuser).length;
    return count === 0 ? [] : [`${count} by ${REFUSER_NAMES[refuser]}`];
  });
  const parts = [
    `${valid} valid`,
    ...(refused.length === 0 ? [] : [`${countOf(verdicts, 'invalid')} refused (${refused.join(', ')})`]),
    ...(unknown === 0 ? [] : [`${unknown} of a kind heddle does not know`]),
    ...(unreadable === 0 ? [] : [`${unreadable} unreadable`]),
  ];
  return `${objects(verdicts.length)}: ${parts.join(', ')}`;
};

export const validate = defineCommand({
  summary: "Tells what a cluster with Istio would say to objects: the schema, its CEL rules and Istio's webhook.",
  examples: [
    ['heddle validate -f bookinfo.yaml', 'exit code 0 when a cluster would take every object'],
    ['heddle validate k8s/ -n shop', 'a directory; objects that name no namespace are in shop'],
    ['kustomize build . | heddle validate -f - -o json', 'what another program makes, for a script'],
  ],
  arguments: [{ name: 'PATH', summary: 'files, directories, patterns or - for standard input', variadic: true }],
  options: {
    filename: texts('-f, --filename <path>', 'a file, directory, pattern, or - for standard input; repeatable'),
    namespace: text('-n, --namespace <name>', 'the namespace of objects that name none (default)'),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    0: 'every object is valid; there may be warnings',
    1: 'an object is refused',
    65: 'a text cannot be read',
  },
  notes: [
    'Unknown fields and keys written twice are errors, as they are to kubectl. Objects of kinds heddle does not know pass, and are counted.',
    "Each refused object names who refuses it: the schema (structure and CEL rules, asked first), Istio's webhook, istiod for the mesh configuration, or istioctl, which insists on port names that tell a protocol.",
  ],
  seeAlso: ['heddle analyze'],
  run: async (context, args, { filename, namespace }) => {
    expectShortRun();
    const paths = [...filename.flatMap((path) => path.split(',')), ...args];
    if (paths.length === 0) {
      const hint = 'name files with -f, or - for standard input';
      throw new Fault('there is nothing to validate', { kind: 'usage', code: 'NO_INPUT', hint });
    }
    const sources = await readSources(paths, { stdin: context.io.stdin, cwd: context.io.cwd });
    const loaded = sources.map((source) => loadYaml(source));
    const documents = loaded.flatMap((result) => result.documents);
    // A key written twice, say, is a problem of a document that was read; what belongs to none could not be.
    const owned = new Set(documents.flatMap((document) => document.problems));
    const unreadable = loaded.flatMap((result) => result.problems.filter((problem) => !owned.has(problem)));
    const verdicts = await validateDocuments(documents, {
      ...(namespace !== undefined && { defaultNamespace: namespace }),
    });
    const problems = [...unreadable, ...verdicts.flatMap((verdict) => verdict.problems)];
    const document = {
      kind: 'ValidationReport',
      summary: summaryOf(verdicts, unreadable.length),
      items: [...verdicts, ...unreadable.map((problem) => ({ verdict: 'unreadable', problems: [problem] }))],
    };
    if (context.format === 'text') printProblems(problems, sources, context.err);
    await printDocument(context, document, () => `${lastLine(verdicts, unreadable.length)}\n`);
    if (countOf(verdicts, 'invalid') > 0) return EXIT.failure;
    return hasErrors(unreadable) ? EXIT.input : EXIT.ok;
  },
});
