import type { Container, OwnerReference, PodSpec } from '../model/schema/generated/types-kubernetes.ts';
import type { GoStructs } from '../model/typed/descriptor.ts';
import { type DecodedItems, decodeGo, type Misfit } from '../model/typed/go-decode.ts';
import type { Plain } from '../yaml/plain.ts';
import { Refusal } from './refusal.ts';

type Texts = Readonly<Record<string, string>>;

/** Metadata as Go's struct has it: absent where empty. */
export interface PodMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** A pod, or what a template describes, in the JSON that Go writes; a nil slice of containers is null. */
export interface InjectablePod {
  readonly metadata: PodMetadata;
  readonly spec: Omit<PodSpec, 'containers'> & { readonly containers: readonly Container[] | null };
}

/** Name of the Go struct of a pod among the descriptors. */
export const POD = 'core/v1.Pod';

/** The place and the words of a misfit: `spec.containers[0].ports: must be a list, not "a"`. */
export const describeMisfit = ({ path, message }: Misfit): string => {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return `${place.replace(/^\./, '')} ${message}`;
};

/** Reads JSON into a pod as Go does; throws a Refusal for what does not fit. */
export const decodePod = (structs: GoStructs, json: Plain, known?: DecodedItems): InjectablePod => {
  const { value, misfits } = decodeGo(structs, POD, json, 'json', known);
  if (misfits[0] !== undefined) throw new Refusal(describeMisfit(misfits[0]));
  return value as unknown as InjectablePod;
};

/** The pod with other annotations; none at all leaves the field out. */
export const withAnnotations = (pod: InjectablePod, annotations: Texts): InjectablePod => {
  const { annotations: _old, ...metadata } = pod.metadata;
  const given = Object.keys(annotations).length > 0;
  return { ...pod, metadata: given ? { ...metadata, annotations } : metadata };
};
