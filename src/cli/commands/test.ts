import { hasErrors } from '../../base/problem.ts';
import { defineCommand, flag, integer, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { printProblems } from '../report/problems.ts';
import { documentOf, github, isFailed, isUncovered, junit, pretty, tap } from '../test/formats.ts';
import { runTests } from '../test/run-tests.ts';

const TEXTS = new Map([
  ['junit', junit],
  ['tap', tap],
  ['github', github],
]);

export const test = defineCommand({
  summary: 'Tests what a mesh does with requests: routing and authorization, from files alone, with coverage.',
  examples: [
    ['heddle test', 'every *.test.yaml below the working directory'],
    ['heddle test tests/ -f k8s/', 'against this configuration'],
    ['heddle test --fail-under 90 tests/', 'fail where rules are not tested'],
    ['heddle test -o junit tests/ > report.xml', 'for a CI server'],
  ],
  arguments: [{ name: 'PATH', summary: 'file of tests, or a directory with *.test.yaml', variadic: true }],
  options: {
    filename: texts('-f, --filename <path>', 'configuration in place of what the test files name; repeatable'),
    coverage: flag('--coverage', 'rules, matches, weighted destinations and policies that no test reaches'),
    failUnder: integer('--fail-under <percent>', 'fail when coverage is lower', { min: 0, max: 100 }),
  },
  formats: ['pretty', 'json', 'yaml', 'junit', 'tap', 'github'],
  exitCodes: {
    [EXIT.input]: 'a file of tests or of the configuration cannot be read, and no test fails',
    [EXIT.tests]: 'a test fails, or coverage is too low',
  },
  notes: [
    'A test names a request and what must hold of it; request.host, path and method may be lists, of which every combination is a case. Nothing is sent: the answer is that of heddle explain, which a failing test shows. The JSON Schema of test files is templates/schema/heddle-test.schema.json of the package, an example templates/samples/bookinfo.',
    'An invariant holds for every request of a class (host, path, method, client or gateway, with * in patterns), of all requests that the rules and policies of the configuration tell apart, as heddle diff finds them; one that breaks it is shown with its trace. expect must hold of each, never of none.',
    "Files of istio-config-validator and Envoy's router_check_tool are read as well; what is not compared is a warning.",
    'Without -f and without the key files a file tests the configuration in its own directory and below. Coverage counts what some proxy of the configuration has: HTTP rules and their matches, each destination of a rule that has several (unless its weight is 0), and rules of AuthorizationPolicies.',
  ],
  seeAlso: ['heddle explain', 'heddle local curl --explain'],
  run: async (context, args, options) => {
    const run = await runTests(
      args.length === 0 ? ['.'] : args,
      options.filename.flatMap((path) => path.split(',')),
      context.io,
    );
    printProblems(run.problems, run.sources, context.err);
    const failUnder = options.failUnder ?? run.failUnder;
    const isAsked = options.coverage || failUnder !== undefined;
    const report = { results: run.results, coverage: isAsked ? run.coverage : undefined, failUnder };
    const format = TEXTS.get(context.format);
    if (format !== undefined) context.out.write(format(report));
    else await printDocument(context, documentOf(report), () => pretty(report, context.out.paint));
    if (run.results.some(isFailed) || isUncovered(report)) return EXIT.tests;
    return hasErrors(run.problems) ? EXIT.input : EXIT.ok;
  },
});
