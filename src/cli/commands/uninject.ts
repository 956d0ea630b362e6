import { Fault } from '../../base/fault.ts';
import { uninjectStream } from '../../inject/uninject-stream.ts';
import { readSources } from '../../input/read.ts';
import { loadGoStructs } from '../../model/typed/load.ts';
import { defineCommand, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { joinTexts, writeAnswer } from '../inject/answer.ts';
import { PACKING } from '../inject/packing.ts';

export const uninject = defineCommand({
  summary: 'Takes sidecars out of manifests again.',
  examples: [
    ['heddle uninject meshed.yaml', 'the bytes that heddle kube-inject was given'],
    ['kubectl get deploy web -o yaml | heddle uninject -', 'as far as its annotations tell'],
  ],
  arguments: [{ name: 'PATH', summary: 'files, directories, patterns or - for standard input', variadic: true }],
  options: {
    filename: texts('-f, --filename <path>', 'a file, directory, pattern, or - for standard input; repeatable'),
    outFile: text('--out-file <file>', 'write the result to a file'),
  },
  formats: ['text'],
  outputNamesFile: true,
  notes: [
    'A document that heddle kube-inject has changed gets back its bytes from the comment before it, unless it has been edited since. Other injected objects are written anew without what their status annotation names; containers of your own come from the overrides, probes and scrape annotations from what the agent was told, and labels that Istio adds go.',
  ],
  seeAlso: ['heddle kube-inject'],
  run: async (context, args, { filename, outFile }) => {
    const paths = [...filename, ...args];
    if (paths.length === 0) {
      const hint = 'name files with -f, or - for standard input';
      throw new Fault('there is nothing to restore', { kind: 'usage', code: 'NO_INPUT', hint });
    }
    const sources = await readSources(paths, { stdin: context.io.stdin, cwd: context.io.cwd });
    const structs = await loadGoStructs();
    const restored = joinTexts(sources.map((source) => uninjectStream(structs, source, PACKING)));
    const to = outFile === undefined ? context : { ...context, outputs: [{ format: 'text', file: outFile }] };
    await writeAnswer(to, restored);
    return EXIT.ok;
  },
});
