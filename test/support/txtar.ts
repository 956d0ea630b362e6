/** One command line of a script with everything it must print. */
export interface Step {
  readonly line: number;
  readonly command: string;
  readonly exitCode: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

export interface Script {
  /** The words before the first command. */
  readonly title: string;
  readonly steps: readonly Step[];
  readonly files: ReadonlyMap<string, string>;
}

const FILE = /^-- (\S+) --$/;

const splitFiles = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const files = new Map<string, string>();
  let name: string | undefined;
  for (const line of lines) {
    const [, next] = FILE.exec(line) ?? [];
    if (next !== undefined) {
      name = next;
      files.set(name, '');
    } else if (name !== undefined) files.set(name, `${files.get(name)}${line}\n`);
  }
  return files;
};

/** Reads a script; throws where a line is none of the forms of test/README.md. */
export const parseScript = (text: string): Script => {
  const lines = text.replace(/\n$/, '').split('\n');
  const firstFile = lines.findIndex((line) => FILE.test(line));
  const script = firstFile < 0 ? lines : lines.slice(0, firstFile);
  const title: string[] = [];
  const steps: { line: number; command: string; exitCode: number; stdout: string[]; stderr: string[] }[] = [];
  for (const [at, line] of script.entries()) {
    const last = steps.at(-1);
    if (line.startsWith('$ '))
      steps.push({ line: at + 1, command: line.slice(2), exitCode: 0, stdout: [], stderr: [] });
    else if (line === '') continue;
    else if (last === undefined) title.push(line);
    else if (/^\? \d+$/.test(line)) last.exitCode = Number(line.slice(2));
    else if (/^1>( |$)/.test(line)) last.stdout.push(line.slice(3));
    else if (/^2>( |$)/.test(line)) last.stderr.push(line.slice(3));
    else throw new Error(`line ${at + 1} is neither a command nor an expectation: ${line}`);
  }
  return { title: title.join(' '), steps, files: splitFiles(firstFile < 0 ? [] : lines.slice(firstFile)) };
};

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** The text that expected lines allow, `...` standing for anything. */
export const patternOf = (expected: readonly string[]): RegExp => {
  const lines = expected.map((line) =>
    line === '...' ? '(?:[^\\n]*\\n)*' : `${line.split('...').map(literally).join('[^\\n]*')}\\n`,
  );
  return new RegExp(`^${lines.join('')}$`);
};
