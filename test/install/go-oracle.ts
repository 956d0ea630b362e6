import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { ISTIO_VERSION, runGoProgram } from '../../src/model/schema/generator/go-program.ts';

/** An installation (files and settings), or a chart with values. */
export interface Question {
  readonly files?: readonly string[];
  readonly set?: readonly string[];
  readonly force?: boolean;
  readonly chart?: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly output: string;
  readonly outputs: Readonly<Record<string, string>> | null;
  readonly error: string;
}

/** What real istioctl and helm answer; throws where the program cannot be built. */
export const askGo = (questions: readonly Question[]): readonly Answer[] => {
  const program = resolve(import.meta.dirname, '../oracle/install/install.go');
  const output = runGoProgram(program, JSON.stringify(questions));
  // Istio logs to standard output, too.
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Answer[];
};

/** The directory of Istio's own charts and profiles among Go's modules; a sentence where Go or the module is absent. */
export const findManifests = (): { readonly path: string } | { readonly absent: string } => {
  if (spawnSync('go', ['version']).status !== 0) return { absent: 'Go is not installed' };
  try {
    const argv = ['mod', 'download', '-json', `istio.io/istio@${ISTIO_VERSION}`];
    const { Dir } = JSON.parse(execFileSync('go', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as {
      Dir: string;
    };
    return { path: resolve(Dir, 'manifests') };
  } catch {
    return { absent: 'the Go module istio.io/istio cannot be read' };
  }
};
