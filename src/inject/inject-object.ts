import type { SidecarDecision } from '../model/pod.ts';
import { decodeGo } from '../model/typed/go-decode.ts';
import { isObject } from '../model/value.ts';
import type { Plain } from '../yaml/plain.ts';
import type { Owner } from './deploy-meta.ts';
import { injectPod } from './inject-pod.ts';
import type { Installation } from './installation.ts';
import { describeMisfit, type InjectablePod } from './pod.ts';
import { Refusal } from './refusal.ts';
import { isList, ownerOf, podOf, withPod, workloadKind } from './workload.ts';

/** One workload that came by, and what was decided. */
export interface Outcome extends SidecarDecision {
  readonly kind: string;
  readonly name: string;
  /** As written: empty where the object names none. */
  readonly namespace: string;
}

/** Who is injected: the mesh's rules, or those of a command that injects all it is given. */
export interface InjectionRules {
  /** Whose metadata counts as that of a CronJob's pods: istioctl takes the job template's. */
  readonly cronJobs: 'as istioctl' | 'as the cluster';
  readonly decide: (pod: InjectablePod, owner: Owner) => SidecarDecision;
  /** Annotations of the Namespace object of that name. */
  readonly namespaceAnnotations: (namespace: string) => Readonly<Record<string, string>>;
}

/** An object after injection. */
export type InjectedObject =
  /** No object that describes pods: nothing was read of it. */
  | { readonly known: false }
  | { readonly known: true; readonly object: Plain; readonly outcomes: readonly Outcome[] }
  | { readonly failure: string };

/**
 * Reads an object as Go does and injects the pods it describes, items of a List one by one. The object comes back as Go
 * writes it also where nothing is injected.
 */
export const injectObject = (installation: Installation, object: unknown, rules: InjectionRules): InjectedObject => {
  try {
    const outcomes: Outcome[] = [];
    const injected = inject(installation, object, rules, outcomes);
    return injected === undefined ? { known: false } : { known: true, object: injected, outcomes };
  } catch (error) {
    if (error instanceof Refusal) return { failure: error.message };
    throw error;
  }
};

const inject = (
  installation: Installation,
  given: unknown,
  rules: InjectionRules,
  outcomes: Outcome[],
): Plain | undefined => {
  if (!isObject(given)) return undefined;
  const kind = workloadKind(given, rules.cronJobs);
  if (kind === undefined) return isList(given) ? injectList(installation, given, rules, outcomes) : undefined;
  const object = read(installation, kind.struct, given);
  const pod = podOf(kind, object);
  const owner = ownerOf(kind, object, pod);
  const verdict = rules.decide(pod, owner);
  outcomes.push({
    kind: owner.kind,
    name: pod.metadata.name || owner.name,
    namespace: owner.namespace,
    ...verdict,
  });
  if (!verdict.injected) return object;
  const namespaceAnnotations = rules.namespaceAnnotations(owner.namespace);
  return withPod(kind, object, injectPod(installation, { pod, owner, namespaceAnnotations }));
};

const injectList = (installation: Installation, given: Plain, rules: InjectionRules, outcomes: Outcome[]): Plain => {
  const list = read(installation, 'core/v1.List', given);
  const { items } = list;
  if (!Array.isArray(items)) return list;
  return { ...list, items: items.map((item) => inject(installation, item, rules, outcomes) ?? item) };
};

const read = ({ descriptors, decodedItems }: Installation, struct: string, given: Plain): Plain => {
  const { value, misfits } = decodeGo(descriptors.structs, struct, given, 'yaml', decodedItems);
  if (misfits[0] !== undefined) throw new Refusal(describeMisfit(misfits[0]));
  return value;
};
