import { Fault } from '../../base/fault.ts';
import { injectStream } from '../../inject/inject-stream.ts';
import { GIVEN_RULES, skipWarning } from '../../inject/rules.ts';
import { readSources } from '../../input/read.ts';
import { defineCommand, flag, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { readInstallation } from '../inject/settings.ts';
import { printProblems } from '../report/problems.ts';

export const kubeInject = defineCommand({
  summary: 'Adds sidecars to workloads, as the webhook of a cluster would.',
  examples: [
    ['heddle inject -f app.yaml | kubectl apply -f -', 'with the templates of heddle, where namespaces ask for it'],
  ],
  arguments: [{ name: 'PATH', summary: 'files, directories, patterns or - for standard input', variadic: true }],
  options: {
    filename: texts('-f, --filename <path>', 'a file, directory, pattern, or - for standard input; repeatable'),
    injectConfigFile: text('--injectConfigFile <file>', 'configuration of the injector, or one template'),
    meshConfigFile: text('--meshConfigFile <file>', 'mesh configuration'),
    valuesFile: text('--valuesFile <file>', 'Helm values of the injector'),
    revision: text('-r, --revision <name>', 'revision of the control plane (default)'),
    nativeSidecars: flag('--native-sidecars', 'inject the proxy as an init container that keeps running'),
  },
  formats: ['text', 'json'],
  run: async (context, args, { filename, ...flags }) => {
    const paths = [...filename, ...args];
    if (paths.length === 0) {
      const hint = 'name files with -f, or - for standard input';
      throw new Fault('there is nothing to inject', { kind: 'usage', code: 'NO_INPUT', hint });
    }
    const { installation } = await readInstallation(flags, 'offline', context.io);
    const sources = await readSources(paths, { stdin: context.io.stdin, cwd: context.io.cwd });
    const streams = sources.map((source) => injectStream(installation, source, GIVEN_RULES));
    for (const { text: injected } of streams) context.out.write(injected);
    const warnings = streams.flatMap(({ outcomes }) => outcomes.flatMap((outcome) => skipWarning(outcome) ?? []));
    if (warnings.length > 0) context.err.line();
    for (const warning of warnings) context.err.line(`${warning}\n`);
    const problems = streams.flatMap((stream) => stream.problems);
    printProblems(problems, sources, context.err);
    return problems.length > 0 ? EXIT.failure : EXIT.ok;
  },
});
