import { findStateDir } from '../../local/state.ts';
import type { Supervisor } from '../../local/supervisor.ts';
import type { Context } from '../command.ts';
import { proxyEnvironment, runChild } from './child.ts';
import type { UpPlan } from './plan.ts';

/** Environment variables that `--exec` gives its command, for help. */
export const EXEC_ENVIRONMENT: Readonly<Record<string, string>> = {
  HTTP_PROXY: 'set for the command of --exec: the sidecar of the built-in client',
  HEDDLE_GATEWAY_URL: 'set for the command of --exec: http://localhost:GATEWAY_PORT',
};

/** Runs a shell line as a client in the mesh; answers its exit code. */
export const runInMesh = async (
  context: Context,
  line: string,
  plan: UpPlan,
  supervisor: Supervisor,
): Promise<number> => {
  const record = await (await findStateDir(plan.stateDir))?.readRecord();
  const { proxy } = supervisor.control.curlTarget(undefined);
  return runChild(
    context,
    { kind: 'shell', line },
    {
      ...proxyEnvironment(proxy),
      HEDDLE_STATE_DIR: plan.stateDir,
      HEDDLE_GATEWAY_URL: `http://localhost:${record?.gatewayPort ?? plan.gatewayPort}`,
    },
  );
};
