import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { carryOut, type InstallEvent } from '../../cluster/install/carry-out.ts';
import { changesNothing, countChanges, plannedObjects } from '../../install/plan/plan.ts';
import { type ClusterFlags, clusterFlags } from '../cluster/flags.ts';
import { openCluster } from '../cluster/open.ts';
import { type Context, durationMs, flag } from '../command.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { planDocument } from './documents.ts';
import { CHANGE_FLAGS, OPERATOR_FLAGS } from './flags.ts';
import { componentTitle, countWords, planLines } from './plan-lines.ts';
import { type Prepared, prepareInstallation } from './prepare.ts';
import { startProgress } from './progress.ts';
import type { InstallRequest } from './render.ts';

const READINESS_TIMEOUT_MS = 300_000;

/** The flags of install and upgrade. */
export const installFlags = {
  ...OPERATOR_FLAGS,
  ...CHANGE_FLAGS,
  verify: flag('--verify', 'compare the cluster with the installation once more when it is done'),
  readinessTimeout: durationMs(
    '--readiness-timeout <duration>',
    'how long the objects of one component may take to be ready (5m)',
    READINESS_TIMEOUT_MS,
  ),
  ...clusterFlags,
};

interface InstallOptions extends Omit<InstallRequest, 'component' | 'filter'>, ClusterFlags {
  readonly yes: boolean;
  readonly skipConfirmation: boolean;
  readonly dryRun: boolean;
  readonly verify: boolean;
  readonly readinessTimeout: number;
}

/** Installs what the flags say, after showing what that changes and asking; answers the exit code. */
export const install = async (context: Context, options: InstallOptions): Promise<number> => {
  const request = { ...options, component: [], filter: [] };
  const cluster = await openCluster(context, options);
  try {
    const prepared = await prepareInstallation(cluster, request, context);
    if (options.dryRun) {
      await printDocument(context, planDocument('InstallPlan', prepared), () => wholePlan(prepared, context));
      return EXIT.ok;
    }
    if (!context.quiet) for (const line of heading(prepared, false, context)) context.err.line(line);
    if (!changesNothing(prepared.plan) && !options.yes && !options.skipConfirmation) {
      if (!(await confirm(context, { text: questionOf(prepared), flag: '--yes' }))) {
        context.err.line('Cancelled.');
        return EXIT.failure;
      }
    }
    if (context.format === 'ndjson') await printDocument(context, planDocument('InstallPlan', prepared), () => '');
    await perform(cluster, prepared, options, context);
    if (options.verify) await verify(cluster, request, context);
    if (context.format !== 'ndjson') await printDocument(context, planDocument('Installation', prepared), () => '');
    return EXIT.ok;
  } finally {
    cluster.close();
  }
};

const whereOf = ({ context, server }: Prepared): string =>
  context === '' ? server : `${server} (context "${context}")`;

const heading = (prepared: Prepared, isWhole: boolean, { err, out }: Context): readonly string[] => {
  const { profile, version, ownership } = prepared;
  return [
    `Istio ${version}, profile ${profile}, revision ${ownership.revision}, on ${whereOf(prepared)}`,
    ...planLines(prepared.plan, isWhole, (isWhole ? out : err).paint),
  ];
};

const wholePlan = (prepared: Prepared, context: Context): string => `${heading(prepared, true, context).join('\n')}\n`;

const questionOf = (prepared: Prepared): string => {
  const { create, change, remove } = countChanges(plannedObjects(prepared.plan));
  const counts = countWords({ create, change, remove, unchanged: 0 });
  return `This will install Istio ${prepared.version} with profile "${prepared.profile}" (${counts}) on ${whereOf(prepared)}. Proceed?`;
};

const perform = async (
  cluster: Cluster,
  prepared: Prepared,
  options: InstallOptions,
  context: Context,
): Promise<void> => {
  const began = performance.now();
  const progress = await startProgress(context, `installing Istio ${prepared.version}`);
  const events: InstallEvent[] = [];
  const onEvent = (event: InstallEvent): void => {
    events.push(event);
    progress.onEvent(event);
  };
  try {
    const faults = await carryOut(prepared.plan.components, {
      cluster,
      readinessTimeoutMs: options.readinessTimeout,
      signal: context.signal,
      onEvent,
    });
    const [first] = faults;
    if (first !== undefined) throw unfinished(prepared, events, first, context);
  } finally {
    progress.stop();
  }
  if (context.quiet) return;
  for (const line of summaryLines(prepared, (performance.now() - began) / 1000)) context.err.line(line);
};

/** The fault that ended it, and what was done before; running again does the rest. */
const unfinished = (prepared: Prepared, events: readonly InstallEvent[], fault: Fault, { err }: Context): Fault => {
  const titles = prepared.plan.components.map(({ name, objects }) => {
    const todo = objects.filter(({ change }) => change !== 'unchanged').length;
    const done = events.filter(
      ({ type, component }) => component === name && (type === 'applied' || type === 'removed'),
    );
    const isReady = events.some(({ type, component }) => component === name && type === 'installed');
    const state = isReady ? 'ready' : done.length === 0 ? 'not begun' : 'not ready';
    return `${componentTitle(name)} ${done.length} of ${todo} changes, ${state}`;
  });
  err.line(`The installation is not complete: ${titles.join('; ')}.`);
  return new Fault(fault.message, {
    kind: fault.kind,
    code: fault.code,
    hint: `${fault.hint === undefined ? '' : `${fault.hint}; `}the same command again completes the installation`,
    cause: fault,
  });
};

const summaryLines = (prepared: Prepared, seconds: number): readonly string[] => {
  const { plan, version } = prepared;
  if (changesNothing(plan))
    return [`✔ Istio ${version} is installed as asked, and everything is ready: nothing was changed`];
  const { create, change, remove } = countChanges(plannedObjects(plan));
  const counts = [
    ...(create > 0 ? [`${create} created`] : []),
    ...(change > 0 ? [`${change} changed`] : []),
    ...(remove > 0 ? [`${remove} removed`] : []),
  ];
  return [`✔ Installation complete: ${counts.join(', ')} in ${seconds.toFixed(1)}s`, `To undo: ${undoOf(prepared)}`];
};

const undoOf = ({ ownership: { revision }, revisions }: Prepared): string => {
  if (revisions.length === 0) return 'heddle uninstall --purge';
  return revisions.includes(revision)
    ? 'heddle install with the settings from before'
    : `heddle uninstall -r ${revision}`;
};

/** Whether the cluster has now what was asked for: nobody refused, dropped or changed a field behind our back. */
const verify = async (cluster: Cluster, request: InstallRequest, context: Context): Promise<void> => {
  const { plan } = await prepareInstallation(cluster, request, { ...context, quiet: true });
  if (changesNothing(plan)) {
    if (!context.quiet) context.err.line('✔ Verified: every object is as installed');
    return;
  }
  for (const line of planLines(plan, true, context.err.paint)) context.err.line(line);
  throw new Fault('the cluster does not have what was installed', {
    kind: 'failure',
    code: 'NOT_AS_INSTALLED',
    hint: 'somebody or some webhook changes these objects: compare with heddle install --dry-run',
  });
};
