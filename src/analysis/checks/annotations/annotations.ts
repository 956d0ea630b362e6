import { suggest } from '../../../base/distance.ts';
import type { Resource } from '../../../model/resource.ts';
import { insertEntry, renameKey } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { ISTIO_ANNOTATIONS, type IstioAnnotation } from '../../generated/annotations.ts';
import { refuseAnnotationValue } from '../../lookup/annotation-values.ts';
import { isMistyped } from '../../lookup/mistyped.ts';
import { podTemplateOf } from '../../lookup/pod-template.ts';
import { removeAnnotation } from '../../lookup/remove-annotation.ts';
import { isWritten } from '../../lookup/written.ts';
import { offerFix } from '../../offer-fix.ts';

const KNOWN: ReadonlyMap<string, IstioAnnotation> = new Map(ISTIO_ANNOTATIONS.map((row) => [row.name, row]));

/** Set by Istio itself, not by people. */
const IGNORED: ReadonlySet<string> = new Set([
  'gateway.istio.io/controller-version',
  'istio.io/rev',
  'sidecar.istio.io/status',
]);

const INJECT = 'sidecar.istio.io/inject';

const isIstio = (name: string): boolean =>
  name === 'kubernetes.io/ingress.class' || (name.split('/', 1)[0] ?? '').endsWith('istio.io');

const placeOf = (resource: Resource, name: string, part: 'key' | 'value', text: string): Place => {
  const { annotations } = resource.object.metadata;
  const span = annotations === undefined ? undefined : spanOf(annotations, name, part);
  return span === undefined ? {} : { labels: [{ span, text }] };
};

const unknown = (resource: Resource, name: string): Finding => {
  const near = suggest(name, KNOWN.keys());
  return finding(
    'IST0108',
    resource,
    { annotation: name },
    {
      ...placeOf(resource, name, 'key', near === undefined ? 'no annotation of Istio' : `did you mean "${near}"?`),
      effect: 'Istio passes over it',
      hint: near === undefined ? 'remove it, or look its name up' : `write "${near}"`,
      ...(near !== undefined &&
        isMistyped(name, near) &&
        offerFix(`write "${near}"`, 'unsafe', [renameKey(resource.object.metadata.annotations ?? {}, name, near)])),
    },
  );
};

// A label is seen by the webhook's own selector as well, so that it can inject where an annotation cannot.
const becomeLabel = ({ object, annotations: { [INJECT]: value = '' } }: Resource): Pick<Place, 'fix'> =>
  offerFix('make it a label', 'unsafe', [
    removeAnnotation(object, INJECT),
    insertEntry(object.metadata.labels ?? {}, INJECT, value),
  ]);

/** Moves an annotation into the pod template beside those it already has. */
const moveToPods = (resource: Resource, name: string): Pick<Place, 'fix'> => {
  const { annotations } = podTemplateOf(resource);
  const value = resource.annotations[name] ?? '';
  return offerFix('move it to the pod template', 'unsafe', [
    removeAnnotation(resource.object, name),
    insertEntry(annotations, name, value),
  ]);
};

const deprecated = (resource: Resource, name: string): Finding => {
  const advice = name === INJECT ? `use the label ${INJECT}` : 'Istio keeps it only for old configurations';
  return finding(
    'IST0135',
    resource,
    { annotation: name, advice },
    { ...placeOf(resource, name, 'key', 'deprecated'), ...(name === INJECT && becomeLabel(resource)) },
  );
};

const misplaced = (resource: Resource, { name, resources }: IstioAnnotation): Finding => {
  const wanted = resources.map((kind) => `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`).join(' or ');
  const isForPods = resource.kind === 'Deployment' && resources.includes('Pod');
  return finding(
    'IST0107',
    resource,
    { annotation: name, wanted },
    {
      ...placeOf(resource, name, 'key', `has an effect only on ${wanted}`),
      effect: 'the annotation does nothing here',
      hint: isForPods ? 'move it to spec.template.metadata.annotations' : `move it to ${wanted}`,
      ...(isForPods && moveToPods(resource, name)),
    },
  );
};

const invalid = (resource: Resource, name: string, problem: string): Finding =>
  finding(
    'IST0125',
    resource,
    { annotation: name, problem },
    {
      ...placeOf(resource, name, 'value', 'not valid'),
      effect: 'where the injector is asked, it refuses the pod, which is not created',
    },
  );

function* findIn(resource: Resource, name: string, value: string): Iterable<Finding> {
  const known = KNOWN.get(name);
  if (known === undefined) {
    yield unknown(resource, name);
    return;
  }
  // Whoever has the label beside the annotation serves old and new versions on purpose.
  const isKept = name === INJECT && Object.hasOwn(resource.labels, INJECT);
  if (known.deprecated && !isKept) yield deprecated(resource, name);
  if (known.resources.includes('Any')) return;
  if (!known.resources.includes(resource.kind)) {
    yield misplaced(resource, known);
    return;
  }
  const problem = refuseAnnotationValue(name, value);
  if (problem !== undefined) yield invalid(resource, name, problem);
}

/** Istio's `annotations.K8sAnalyzer`; looks at an object's own metadata, not at that of a pod template inside. */
export const annotations = defineCheck({
  name: 'annotations.K8sAnalyzer',
  summary: 'Annotations of Istio that are unknown, deprecated, invalid or on the wrong kind of object.',
  emits: ['IST0107', 'IST0108', 'IST0125', 'IST0135'],
  *run({ mesh }) {
    for (const resource of [
      ...mesh.of('Namespace'),
      ...mesh.of('Service'),
      ...mesh.of('Pod'),
      ...mesh.of('Deployment'),
    ]) {
      if (!isWritten(resource)) continue;
      for (const [name, value] of Object.entries(resource.annotations)) {
        if (isIstio(name) && !IGNORED.has(name)) yield* findIn(resource, name, value);
      }
    }
  },
});
