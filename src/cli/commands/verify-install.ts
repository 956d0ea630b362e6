import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { refOf } from '../../cluster/install/objects.ts';
import { ownedObjects } from '../../cluster/install/owned.ts';
import { readinessOf, takesTime } from '../../cluster/install/readiness.ts';
import type { FieldChange } from '../../install/manifest/diff.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { labelledComponent } from '../../install/owner/ownership.ts';
import { plannedObjects } from '../../install/plan/plan.ts';
import { clusterFlags } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { type Context, defineCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { changeLines } from '../install/change-lines.ts';
import { objectDocument } from '../install/documents.ts';
import { OPERATOR_FLAGS } from '../install/flags.ts';
import { objectName } from '../install/plan-lines.ts';
import { prepareInstallation } from '../install/prepare.ts';
import type { InstallRequest } from '../install/render.ts';
import { type Paint, printDocument } from '../output.ts';

/** One object of an installation, as it should be or not. */
interface Verified {
  readonly object: ManifestObject;
  readonly state: 'ok' | 'missing' | 'changed' | 'left over' | 'not ready';
  /** Of one that is changed: what it is, and what it should be. */
  readonly fields: readonly FieldChange[];
  /** Why one is not ready. */
  readonly reason?: string;
}

const AT_ONCE = 8;
const STATES = { create: 'missing', change: 'changed', remove: 'left over', unchanged: 'ok' } as const;

const withReadiness = async (cluster: Cluster, verified: Verified): Promise<Verified> => {
  if (verified.state !== 'ok' || !takesTime(verified.object.kind)) return verified;
  const live = await cluster.get(refOf(verified.object));
  const readiness = live === undefined ? { reason: 'not there any more' } : readinessOf(live);
  return readiness === 'ready' ? verified : { ...verified, state: 'not ready', reason: readiness.reason };
};

/** Compares with what the settings give; without any, looks whether what is installed works. */
const verify = async (
  cluster: Cluster,
  request: InstallRequest,
  isCompared: boolean,
  context: Context,
): Promise<readonly Verified[]> => {
  const objects: readonly Verified[] = isCompared
    ? plannedObjects((await prepareInstallation(cluster, request, { ...context, quiet: true })).plan).map(
        ({ object, change, fields }) => ({ object, state: STATES[change], fields }),
      )
    : (await ownedObjects(cluster, request.revision))
        .filter((object) => labelledComponent(object) !== undefined)
        .map((object) => ({ object, state: 'ok', fields: [] }));
  if (objects.length > 0) return inParallel(objects, AT_ONCE, (each) => withReadiness(cluster, each));
  throw new Fault(
    `nothing of Istio is installed${request.revision === undefined ? '' : ` as revision "${request.revision}"`}`,
    {
      kind: 'failure',
      code: 'NOT_INSTALLED',
      hint: 'install it with heddle install, or choose another cluster with --context',
    },
  );
};

const isSecret = ({ kind }: ManifestObject): boolean => kind === 'Secret';

const lines = ({ object, state, fields, reason }: Verified, paint: Paint): readonly string[] => [
  `${paint.red('✘')} ${objectName(object)}: ${reason === undefined ? state : `${state}: ${reason}`}`,
  ...fields.map((field) => (isSecret(object) ? `  ${field.path}` : changeLines(field, paint)).replaceAll(/^/gm, '  ')),
];

const verifyText = (all: readonly Verified[], isCompared: boolean, paint: Paint): string => {
  const wrong = all.filter(({ state }) => state !== 'ok');
  const verdict =
    wrong.length > 0
      ? `${paint.red('✘')} ${wrong.length} of ${all.length} objects are not as installed`
      : `${paint.green('✔')} ${all.length} objects ${isCompared ? 'are as the settings say, and ready' : 'are ready'}`;
  return [...wrong.flatMap((each) => lines(each, paint)), verdict, ''].join('\n');
};

const documentOf = (all: readonly Verified[], isCompared: boolean) => ({
  kind: 'InstallVerification',
  isCompared,
  summary: { objects: all.length, wrong: all.filter(({ state }) => state !== 'ok').length },
  items: all.map(({ object, state, fields, reason }) => ({
    ...objectDocument(object),
    state,
    ...(fields.length > 0 && { fields: isSecret(object) ? fields.map(({ path }) => ({ path })) : fields }),
    ...(reason !== undefined && { reason }),
  })),
});

const exitOf = (all: readonly Verified[]): number => {
  const wrong = all.filter(({ state }) => state !== 'ok');
  if (wrong.length === 0) return EXIT.ok;
  return wrong.every(({ state }) => state === 'not ready') ? EXIT.findings : EXIT.drift;
};

export const verifyInstall = defineCommand({
  summary: 'Compares a cluster with an installation: what is missing, changed or not ready.',
  examples: [
    ['heddle verify-install', 'whether what is installed works'],
    ['heddle verify-install -f operator.yaml', 'and whether it is what the file says'],
    ['heddle verify-install --set profile=demo -r canary -o json', 'for scripts'],
  ],
  options: { ...OPERATOR_FLAGS, ...clusterFlags },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    1: 'nothing is installed, or the settings cannot be rendered',
    65: 'a file cannot be read',
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not look; comparing asks as installing does',
    78: 'the kubeconfig is wrong',
    79: 'something is not ready, and nothing else is wrong',
    81: 'something is missing, changed or left over',
  },
  notes: [
    'A cluster does not remember the settings of an installation: give them (-f, --set, -d) and every field is compared. ' +
      'The API server says what applying would change, so that its defaults are no differences. Nothing is changed.',
  ],
  seeAlso: ['heddle install --dry-run', 'heddle check'],
  run: (context, _args, options) =>
    withCluster(context, options, async (cluster) => {
      const { filename, set, manifests, charts } = options;
      const isCompared = filename.length + set.length > 0 || (manifests ?? charts) !== undefined;
      const all = await verify(cluster, { ...options, component: [], filter: [] }, isCompared, context);
      await printDocument(context, documentOf(all, isCompared), () => verifyText(all, isCompared, context.out.paint));
      return exitOf(all);
    }),
});
