import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { waitUntilGone } from '../../cluster/install/gone.ts';
import { planRemoval, type RemovalPlan } from '../../cluster/install/removal.ts';
import { removeObjects } from '../../cluster/install/remove.ts';
import { effectiveOperator } from '../../install/operator/effective.ts';
import { installPackagePath } from '../../install/operator/inputs.ts';
import { validateOperator } from '../../install/operator/validate.ts';
import { ownershipOf } from '../../install/owner/ownership.ts';
import type { Target } from '../../install/uninstall/selection.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../model/typed/load.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import { openCluster } from '../cluster/open.ts';
import type { Context } from '../command.ts';
import { confirm, type Question } from '../confirm.ts';
import { EXIT } from '../exit.ts';
import { type Paint, printDocument } from '../output.ts';
import { objectDocument } from './documents.ts';
import { objectName } from './plan-lines.ts';
import { readRequest, refuse } from './render.ts';
import { readTree } from './tree.ts';

interface UninstallOptions extends ClusterFlags {
  readonly revision: string | undefined;
  readonly purge: boolean;
  readonly filename: readonly string[];
  readonly set: readonly string[];
  readonly manifests: string | undefined;
  readonly force: boolean;
  readonly check: boolean;
  readonly yes: boolean;
  readonly skipConfirmation: boolean;
  readonly dryRun: boolean;
}

const GONE_TIMEOUT_MS = 60_000;

/** Removes what the flags say, after showing what that is and what depends on it, and asking; answers the exit code. */
export const uninstall = async (context: Context, options: UninstallOptions): Promise<number> => {
  const target = await targetOf(options, context);
  const cluster = await openCluster(context, options);
  try {
    const plan = await planRemoval(cluster, target);
    if (options.check) return await report(context, 'UninstallCheck', cluster, target, plan, checkText);
    if (options.dryRun) return await report(context, 'UninstallPlan', cluster, target, plan, planText);
    if (plan.objects.length > 0) {
      if (!context.quiet) context.err.write(planText(target, plan, cluster, context.err.paint, context.verbose > 0));
      const isAgreed =
        options.yes || options.skipConfirmation || (await confirm(context, question(target, plan, cluster)));
      if (!isAgreed) {
        context.err.line('Cancelled.');
        return EXIT.failure;
      }
    }
    await remove(cluster, plan, context);
    await printDocument(context, document('Uninstallation', cluster, target, plan), () => '');
    return EXIT.ok;
  } finally {
    cluster.close();
  }
};

const targetOf = async (options: UninstallOptions, context: Context): Promise<Target> => {
  const { purge, revision, filename, set } = options;
  const isNamed = revision !== undefined || filename.length > 0 || set.some((each) => each.startsWith('revision='));
  if (purge) {
    if (isNamed && !context.quiet) context.err.line('--purge removes all of Istio, whatever revision or file is named');
    return { isPurge: true };
  }
  if (!isNamed)
    throw new Fault('at least one of --revision, --filename or --purge must be given', {
      kind: 'usage',
      code: 'NO_TARGET',
      hint: 'heddle uninstall -r default removes the unnamed revision, --purge everything',
    });
  const { inputs, sources } = await readRequest({ ...options, charts: undefined }, context.io);
  refuse(inputs.problems, sources, context);
  const effective = effectiveOperator(await readTree(installPackagePath(inputs), context.io), inputs);
  refuse(effective.problems, sources, context);
  const [structs, mesh, values] = await Promise.all([loadGoStructs(), loadMeshProto(), loadValuesProto()]);
  const problems = validateOperator(effective.operator, inputs, { structs, mesh, values });
  refuse(options.force ? problems.map((each) => ({ ...each, severity: 'warning' })) : problems, sources, context);
  const ownership = ownershipOf(effective.operator);
  // A revision alone means the control plane wherever it is.
  const isFile = filename.length > 0;
  const { name, namespace } = ownership;
  return { isPurge: false, revision: ownership.revision, name, namespace: isFile ? namespace : '' };
};

const what = (target: Target): string => (target.isPurge ? 'all of Istio' : `revision "${target.revision}" of Istio`);

const where = ({ context, server }: Cluster): string => (context === '' ? server : `${server} (context "${context}")`);

/** A slip in production costs everything: there the name of the context is asked for. */
const question = (target: Target, plan: RemovalPlan, cluster: Cluster): Question => {
  const text = `This will remove ${what(target)}, ${plan.objects.length} objects, from ${where(cluster)}.`;
  const isGrave = target.isPurge && /prod/i.test(cluster.context);
  return isGrave ? { text, flag: '--yes', typed: cluster.context } : { text: `${text} Proceed?`, flag: '--yes' };
};

const dependentLines = ({ dependents, unseen }: RemovalPlan, { yellow, dim }: Paint): readonly string[] => [
  ...dependents.flatMap(({ message, hint }) => [`${yellow('warning:')} ${message}`, dim(`         ${hint}`)]),
  ...unseen.map((each) => `${yellow('warning:')} ${each}`),
];

const planText = (target: Target, plan: RemovalPlan, cluster: Cluster, paint: Paint, isWhole = true): string => {
  const kinds = new Map<string, number>();
  for (const { kind } of plan.objects) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const objects = isWhole
    ? plan.objects.map((object) => paint.red(`  - ${objectName(object)}`))
    : [...kinds].map(([kind, count]) => paint.red(`  - ${count} ${kind}`));
  const head =
    plan.objects.length === 0
      ? `Nothing of ${what(target)} is on ${where(cluster)}`
      : `${what(target)} on ${where(cluster)}: ${plan.objects.length} objects to remove`;
  return [head.charAt(0).toUpperCase() + head.slice(1), ...objects, ...dependentLines(plan, paint), ''].join('\n');
};

const checkText = (target: Target, plan: RemovalPlan, cluster: Cluster, paint: Paint): string => {
  const isSafe = plan.dependents.length === 0;
  const head = isSafe
    ? `${paint.green('✔')} nothing depends on ${what(target)} on ${where(cluster)}: it can be removed`
    : `${paint.red('✘')} it is not safe yet to remove ${what(target)} from ${where(cluster)}`;
  return [head, ...dependentLines(plan, paint), ''].join('\n');
};

const document = (kind: string, cluster: Cluster, target: Target, plan: RemovalPlan) => ({
  kind,
  context: cluster.context,
  server: cluster.server,
  ...(target.isPurge ? { purge: true } : { revision: target.revision }),
  isSafe: plan.dependents.length === 0,
  dependents: plan.dependents,
  warnings: plan.unseen,
  items: plan.objects.map(objectDocument),
});

const report = async (
  context: Context,
  kind: string,
  cluster: Cluster,
  target: Target,
  plan: RemovalPlan,
  text: (target: Target, plan: RemovalPlan, cluster: Cluster, paint: Paint) => string,
): Promise<number> => {
  await printDocument(context, document(kind, cluster, target, plan), () =>
    text(target, plan, cluster, context.out.paint),
  );
  return kind === 'UninstallCheck' && plan.dependents.length > 0 ? EXIT.findings : EXIT.ok;
};

const remove = async (cluster: Cluster, { objects }: RemovalPlan, context: Context): Promise<void> => {
  const { err, quiet, signal } = context;
  const { removed, failed } = await removeObjects(cluster, objects, (object) => {
    if (!quiet) err.line(`  removed ${objectName(object)}`);
  });
  const [first] = failed;
  if (first === undefined && !signal.aborted) {
    const isGone = await waitUntilGone(cluster, removed, GONE_TIMEOUT_MS);
    if (!isGone) err.line(`${err.paint.yellow('warning:')} some objects are being deleted still`);
    if (!quiet)
      err.line(
        removed.length === 0 ? '✔ Nothing to remove' : `✔ Uninstall complete: ${removed.length} objects removed`,
      );
    return;
  }
  for (const { object, fault } of failed) err.line(`${err.paint.red('✘')} ${objectName(object)}: ${fault.message}`);
  const left = objects.length - removed.length;
  throw new Fault(
    `${left} of ${objects.length} objects are not removed${first === undefined ? '' : `: ${first.fault.message}`}`,
    {
      kind: first?.fault.kind ?? 'interrupted',
      code: first?.fault.code ?? 'INTERRUPTED',
      hint: `${first?.fault.hint === undefined ? '' : `${first.fault.hint}; `}the same command again removes the rest`,
    },
  );
};
