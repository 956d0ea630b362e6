import { findStateDir } from '../../local/state.ts';
import type { Supervisor } from '../../local/supervisor.ts';
import type { Context } from '../command.ts';
import { proxyEnvironment, runChild } from './child.ts';
import type { UpPlan } from './plan.ts';

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
