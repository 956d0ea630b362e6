import { expect } from 'vitest';
import { type CliResult, runCli } from '../../support/cli.ts';
import type { TestKubernetes } from './kubernetes.ts';

/** Runs a command line of heddle on a cluster, as its administrator. */
export const run = ({ kubeconfig }: TestKubernetes, line: string): Promise<CliResult> =>
  runCli(line.split(' '), { env: { KUBECONFIG: kubeconfig } });

/** Runs a command line that must succeed; what it said on both streams. */
export const succeed = async (cluster: TestKubernetes, line: string): Promise<string> => {
  const { code, stdout, stderr } = await run(cluster, line);
  expect(code, `heddle ${line}\n${stdout}${stderr}`).toBe(0);
  return stdout + stderr;
};
