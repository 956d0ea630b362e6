import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CliOptions, type CliResult, runCli } from './cli.ts';

/** A directory of one test, in which command lines run; removed when the test is over. */
export interface Workspace {
  readonly directory: string;
  write(name: string, text: string): void;
  read(name: string): string;
  run(line: string, options?: CliOptions): Promise<CliResult>;
}

/** Makes a directory with files; nothing above it is looked at, as it is the home directory of its commands. */
export const createWorkspace = (files: Readonly<Record<string, string>> = {}): Workspace => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-workspace-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const write = (name: string, text: string): void => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    // In one step, so that whoever watches never sees half of it.
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    directory,
    write,
    read: (name) => readFileSync(join(directory, name), 'utf8'),
    run: (line, options = {}) =>
      runCli(line.split(' '), { cwd: directory, ...options, env: { HOME: directory, ...options.env } }),
  };
};

/** An AuthorizationPolicy with an error (IST0101, unless the namespace exists) and a warning (IST0127). */
export const policy = (name: string, from = 'missing'): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: web
spec:
  rules:
    - from:
        - source:
            namespaces: [${from}]
`;

/** A namespace about which there is nothing to say. */
export const namespace = (name: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n  labels: {istio-injection: disabled}\n`;

interface Item {
  readonly code: string;
  readonly origin: string;
}

/** `CODE Kind namespace/name` of each finding that `-o json-compat` printed. */
export const codesIn = (stdout: string): readonly string[] =>
  (JSON.parse(stdout) as readonly Item[]).map(({ code, origin }) => `${code} ${origin}`);
