import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const sources = resolve(import.meta.dirname, '../oracle/gotemplate');

/** A template as test/oracle/gotemplate takes it. */
export interface Question {
  readonly template: string;
  readonly data: unknown;
  readonly missingKey: 'default' | 'zero' | 'error';
  readonly functions: 'core' | 'sprig';
}

export interface Answer {
  readonly output: string;
  readonly error?: string;
}

export interface GoOracle {
  /** Go's answers, in the order of the questions. */
  readonly ask: (questions: readonly Question[]) => Answer[];
  readonly remove: () => void;
}

/** Builds the Go program; a sentence where Go or the modules it needs are absent. */
export const buildGoOracle = (): GoOracle | string => {
  if (spawnSync('go', ['version']).status !== 0) return 'Go is not installed';
  const folder = mkdtempSync(join(tmpdir(), 'heddle-gotemplate-'));
  const program = join(folder, 'gotemplate');
  const build = spawnSync('go', ['build', '-o', program, '.'], { cwd: sources, encoding: 'utf8' });
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  if (build.status !== 0) {
    remove();
    return `the Go program does not build: ${build.stderr.trim().split('\n').at(-1)}`;
  }
  const ask = (questions: readonly Question[]): Answer[] => {
    const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
    const output = execFileSync(program, {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      env: { ...process.env, TZ: 'UTC', GOMEMLIMIT: '1GiB' },
    });
    return output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
  };
  return { ask, remove };
};
