import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { labelledComponent, type Ownership } from '../../install/owner/ownership.ts';
import { exactChanges, likelyChanges } from '../../install/plan/compare.ts';
import { keepFailurePolicy } from '../../install/plan/keep-failure-policy.ts';
import { keepRevision } from '../../install/plan/keep-revision.ts';
import { leftOver, objectKey } from '../../install/plan/left-over.ts';
import type { PlannedComponent, PlannedObject } from '../../install/plan/plan.ts';
import type { WantedComponent } from '../../install/plan/wanted.ts';
import type { Cluster } from '../cluster.ts';
import { isGoing, tryObject } from './apply.ts';
import { fromKubernetes, refOf } from './objects.ts';
import { AT_ONCE, ownedObjects } from './owned.ts';

/** What installing would do, object by object, and what the API server let nobody ask it. */
export interface Survey {
  readonly components: readonly PlannedComponent[];
  readonly warnings: readonly string[];
}

/**
 * Asks the API server what applying the objects would change: by server-side apply without effect, so that defaults and
 * what others wrote are no differences. Throws a Fault where it would refuse one of them. `revisions` are those that the
 * cluster has.
 */
export const survey = async (
  cluster: Cluster,
  wanted: readonly WantedComponent[],
  ownership: Ownership,
  revisions: readonly string[],
): Promise<Survey> => {
  const owned = await ownedObjects(cluster, ownership.revision);
  const known = new Map(owned.map((object) => [objectKey(object), object]));
  const namespaces = await existingNamespaces(cluster, wanted);
  checkNamespaces(wanted, namespaces);
  const warnings: string[] = [];
  const faults: Fault[] = [];
  const planOne = async (object: ManifestObject): Promise<PlannedObject> => {
    try {
      return await planObject(cluster, object, { known, namespaces, revisions }, warnings);
    } catch (error) {
      // What is refused is gathered; without the API server there is nothing more to ask.
      if (!(error instanceof Fault) || ['interrupted', 'timeout', 'unreachable'].includes(error.kind)) throw error;
      faults.push(error);
      return { object, change: 'unchanged', fields: [] };
    }
  };
  const all = wanted.flatMap(({ objects }) => objects);
  const planned = new Map((await inParallel(all, AT_ONCE, planOne)).map((each, at) => [all[at], each]));
  const [first] = faults;
  if (first !== undefined) throw severalFaults(first, faults.length);
  const gone = leftOver(owned, all, ownership).filter((object) => !isGoing(object));
  const components = new Set([
    ...wanted.filter(({ objects }) => objects.length > 0).map(({ name }) => name),
    ...gone.flatMap((each) => labelledComponent(each) ?? []),
  ]);
  return {
    components: [...components].map((name) => ({
      name,
      objects: [
        ...(wanted.find((each) => each.name === name)?.objects ?? []).flatMap((object) => planned.get(object) ?? []),
        ...gone
          .filter((object) => labelledComponent(object) === name)
          .map((object): PlannedObject => ({ object, change: 'remove', fields: [] })),
      ],
    })),
    warnings,
  };
};

const severalFaults = (first: Fault, count: number): Fault =>
  count === 1
    ? first
    : new Fault(`${first.message} (and ${count - 1} more of this installation's objects)`, {
        kind: first.kind,
        code: first.code,
        cause: first,
        ...(first.hint !== undefined && { hint: first.hint }),
      });

const existingNamespaces = async (
  cluster: Cluster,
  wanted: readonly WantedComponent[],
): Promise<ReadonlySet<string>> => {
  const named = new Set(wanted.flatMap(({ objects }) => objects.map(({ namespace }) => namespace)));
  named.delete('');
  const found = await inParallel([...named], AT_ONCE, async (name) =>
    (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })) === undefined ? [] : [name],
  );
  return new Set(found.flat());
};

/** Components may be put into namespaces of their own, which nobody makes for them. */
const checkNamespaces = (wanted: readonly WantedComponent[], existing: ReadonlySet<string>): void => {
  const all = wanted.flatMap(({ objects }) => objects);
  const made = all.filter(({ kind }) => kind === 'Namespace').map(({ name }) => name);
  for (const { name, objects } of wanted) {
    const missing = objects.find(({ namespace }) => ![...existing, ...made, ''].includes(namespace))?.namespace;
    if (missing === undefined) continue;
    throw new Fault(`namespace "${missing}", which ${name} is to be installed in, does not exist`, {
      kind: 'failure',
      code: 'NO_NAMESPACE',
      hint: `make it: kubectl create namespace ${missing}`,
    });
  }
};

/** What the cluster has already. */
interface Present {
  /** The objects of the installation, by their keys. */
  readonly known: ReadonlyMap<string, ManifestObject>;
  readonly namespaces: ReadonlySet<string>;
  readonly revisions: readonly string[];
}

const planObject = async (
  cluster: Cluster,
  given: ManifestObject,
  { known, namespaces, revisions }: Present,
  warnings: string[],
): Promise<PlannedObject> => {
  // Nothing can be in, or be asked about, a namespace or kind that this installation brings along.
  const isAskable = given.namespace === '' || namespaces.has(given.namespace);
  if (!isAskable || (await cluster.served(given)) === undefined) return { object: given, change: 'create', fields: [] };
  const found = known.get(objectKey(given)) ?? (await find(cluster, given));
  const live = found !== undefined && isGoing(found) ? undefined : found;
  const object = keepRevision(keepFailurePolicy(given, live), live, revisions);
  const applied = await tryApply(cluster, object, warnings);
  if (live === undefined) return { object, change: 'create', fields: [] };
  const fields = applied === undefined ? likelyChanges(live, object) : exactChanges(live, applied);
  return { object, change: fields.length === 0 ? 'unchanged' : 'change', fields };
};

const find = async (cluster: Cluster, object: ManifestObject): Promise<ManifestObject | undefined> => {
  const live = await cluster.get(refOf(object));
  return live && fromKubernetes(live);
};

/** Refusals that say nothing of how applying in earnest, in its order, will end. */
const UNTOLD = ['WEBHOOK_FAILED', 'NOT_FOUND'];

/** What applying would give; undefined, with a warning, where the API server cannot tell without doing it. */
const tryApply = async (
  cluster: Cluster,
  object: ManifestObject,
  warnings: string[],
): Promise<ManifestObject | undefined> => {
  try {
    return await tryObject(cluster, object);
  } catch (error) {
    if (!(error instanceof Fault) || !UNTOLD.includes(error.code)) throw error;
    warnings.push(`${object.kind} ${object.name} could not be tried: ${error.message}`);
    return undefined;
  }
};
