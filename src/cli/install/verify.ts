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
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import type { Paint } from '../output.ts';
import { changeLines } from './change-lines.ts';
import { objectDocument } from './documents.ts';
import { objectName } from './plan-lines.ts';
import { prepareInstallation } from './prepare.ts';
import type { InstallRequest } from './render.ts';

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
export const verifyInstallation = async (
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

/** What is wrong, object by object, and the verdict. */
export const verifyText = (all: readonly Verified[], isCompared: boolean, paint: Paint): string => {
  const wrong = all.filter(({ state }) => state !== 'ok');
  const verdict =
    wrong.length > 0
      ? `${paint.red('✘')} ${wrong.length} of ${all.length} objects are not as installed`
      : `${paint.green('✔')} ${all.length} objects ${isCompared ? 'are as the settings say, and ready' : 'are ready'}`;
  return [...wrong.flatMap((each) => lines(each, paint)), verdict, ''].join('\n');
};

/** Every object for machines. */
export const verifyDocument = (all: readonly Verified[], isCompared: boolean) => ({
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

/** 81 where anything differs, 79 where something is only not ready. */
export const verifyExit = (all: readonly Verified[]): number => {
  const wrong = all.filter(({ state }) => state !== 'ok');
  if (wrong.length === 0) return EXIT.ok;
  return wrong.every(({ state }) => state === 'not ready') ? EXIT.findings : EXIT.drift;
};
