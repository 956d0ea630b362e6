import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Context } from '../command.ts';
import { clientVersion } from '../package.ts';
import type { ClusterFlags } from './flags.ts';

const checkFlags = (flags: ClusterFlags): void => {
  if (flags.as === undefined && (flags.asUid !== undefined || flags.asGroup.length > 0))
    throw new Fault('--as-uid and --as-group need --as', {
      kind: 'usage',
      code: 'BAD_FLAG_VALUE',
      hint: 'add --as with the user whose groups or UID these are',
    });
  if (flags.kubeclientTimeout === 0)
    throw new Fault('--kubeclient-timeout wants more than 0s', { kind: 'usage', code: 'BAD_FLAG_VALUE' });
};

/** The cluster a command's flags mean; the command closes it. With `-vv` each request is told on standard error. */
export const openCluster = async (context: Context, flags: ClusterFlags): Promise<Cluster> => {
  checkFlags(flags);
  const cluster = await import('../../cluster/open.ts');
  return cluster.openCluster({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    impersonation: { user: flags.as ?? '', uid: flags.asUid ?? '', groups: flags.asGroup },
    env: context.io.env,
    cwd: context.io.cwd,
    timeoutMs: flags.kubeclientTimeout,
    signal: context.signal,
    userAgent: `heddle/${clientVersion()}`,
    log: (line) => {
      if (context.verbose > 1) context.err.line(line);
    },
  });
};
