import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { IstioAssets } from './assets.ts';
import type { TestKubernetes } from './kubernetes.ts';

const execute = promisify(execFile);

/** What real istioctl writes to standard output about the cluster; throws with what it said where it fails. */
export const istioctl = async (istio: IstioAssets, { kubeconfig }: TestKubernetes, line: string): Promise<string> => {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return (await execute(istio.istioctl, line.split(' '), { env })).stdout;
};
