import { strategicMerge } from '../model/typed/strategic-merge.ts';
import { isObject } from '../model/value.ts';
import type { TemplateSet } from '../template/functions.ts';
import { render } from '../template/template.ts';
import type { GoValue } from '../template/value.ts';
import { createPlain, type Plain } from '../yaml/plain.ts';
import { containersOf, findContainer, initContainersOf, PROXY, withContainers } from './containers.ts';
import { type Installation, TEMPLATE_NAME } from './installation.ts';
import { decodePod, type InjectablePod, POD } from './pod.ts';
import { Refusal } from './refusal.ts';

/** What the templates of a pod made. */
export interface RenderedPod {
  /** The pod with the templates laid over it. */
  readonly merged: InjectablePod;
  /** The templates alone: what is injected. */
  readonly template: InjectablePod;
}

/** The templates a pod gets, in order: those its annotation names, or the default ones; aliases stand for several. */
const selectTemplates = (
  { templates, defaultTemplates, aliases }: Installation,
  annotation: string | undefined,
): readonly TemplateSet[] => {
  const names = annotation === undefined ? defaultTemplates : annotation.split(',').map((name) => name.trim());
  const resolved = names.flatMap((name) => (Object.hasOwn(aliases, name) ? (aliases[name] ?? []) : [name]));
  return resolved.map((name) => {
    const template = templates.get(name);
    if (template !== undefined) return template;
    const known = [...templates.keys()].sort().join(', ');
    throw new Refusal(`requested template "${name}" not found; have ${known}`);
  });
};

/** The patch that a template's output is; nothing at all patches nothing. */
const readPatch = ({ loadRendered }: Installation, text: string): Plain => {
  const { value, problems } = loadRendered(text);
  if (isObject(value)) return value;
  const [problem] = problems;
  if (problem !== undefined) throw new Refusal(`the template does not give YAML: ${problem.message}`);
  if (value !== undefined) throw new Refusal('the template must give a mapping');
  return createPlain();
};

/** A native sidecar of the template is no native one of the user's: theirs stands among the containers. */
const moveProxy = (pod: InjectablePod): InjectablePod => {
  const proxy = findContainer(containersOf(pod), PROXY);
  if (proxy === undefined) return pod;
  const others = containersOf(pod).filter((container) => container !== proxy);
  return withContainers(pod, others, [...initContainersOf(pod), proxy]);
};

const isNative = (installation: Installation, pod: InjectablePod): boolean => {
  const annotated = pod.metadata.annotations?.['sidecar.istio.io/nativeSidecar'];
  return annotated === 'true' || (annotated !== 'false' && installation.nativeSidecars);
};

/** Renders a pod's templates on data and lays them over the pod, one after another. Throws a Refusal where one fails. */
export const renderTemplates = (installation: Installation, pod: InjectablePod, data: GoValue): RenderedPod => {
  const { decodedItems, descriptors } = installation;
  const { structs } = descriptors;
  let merged = pod;
  let template = decodePod(structs, createPlain());
  for (const set of selectTemplates(installation, pod.metadata.annotations?.['inject.istio.io/templates'])) {
    const rendering = render(set, TEMPLATE_NAME, data);
    if ('error' in rendering) throw new Refusal(rendering.error);
    const patch = readPatch(installation, rendering.output);
    const overlay = (onto: InjectablePod): InjectablePod => {
      const { value, failure } = strategicMerge(structs, POD, onto as unknown as Plain, patch);
      if (failure !== undefined) throw new Refusal(`the template does not fit the pod: ${failure}`);
      return decodePod(structs, value, decodedItems);
    };
    template = overlay(template);
    const isMoved = isNative(installation, merged) && findContainer(initContainersOf(template), PROXY) !== undefined;
    merged = overlay(isMoved ? moveProxy(merged) : merged);
  }
  return { merged, template };
};
