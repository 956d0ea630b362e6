import type { Mesh } from '../../../model/mesh.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type {
  Container,
  Deployment,
  MutatingWebhook,
  PodSpec,
} from '../../../model/schema/generated/types-kubernetes.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { decideInjection } from '../../../model/sidecar.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import { podTemplateOf } from '../../lookup/pod-template.ts';
import { isWritten } from '../../lookup/written.ts';

const autoContainer = (spec: PodSpec | undefined): Container | undefined =>
  spec?.containers.find(({ name, image }) => name === 'istio-proxy' && image === 'auto');

const placeOf = (container: Container, hint: string): Place => {
  const span = spanOf(container, 'image');
  return {
    labels: span === undefined ? [] : [{ span, text: 'a placeholder for the injector' }],
    effect: 'the image "auto" cannot be pulled: the pods do not start',
    hint,
  };
};

const isSelected = (webhook: MutatingWebhook, mesh: Mesh, deployment: Resource<Deployment>): boolean =>
  matchesSelector(webhook.namespaceSelector ?? {}, mesh.namespaceLabels(deployment.namespace)) &&
  matchesSelector(webhook.objectSelector ?? {}, podTemplateOf(deployment).labels);

/** Why no webhook would inject the pods; undefined if one does. Without webhooks in the input, those of a default installation. */
const whyNot = (
  deployment: Resource<Deployment>,
  mesh: Mesh,
  webhooks: readonly MutatingWebhook[],
): string | undefined => {
  if (webhooks.length > 0) {
    return webhooks.some((webhook) => isSelected(webhook, mesh, deployment))
      ? undefined
      : `no webhook of Istio selects pods of its labels in namespace ${deployment.namespace}`;
  }
  const { labels, annotations, spec } = podTemplateOf(deployment);
  const { namespace } = deployment;
  const hostNetwork = spec?.hostNetwork === true;
  const namespaceLabels = mesh.namespaceLabels(namespace);
  const decision = decideInjection({ namespace, namespaceLabels, labels, annotations, hostNetwork });
  return decision.injected ? undefined : decision.reason;
};

/** Istio's `injection.ImageAutoAnalyzer`. */
export const imageAuto = defineCheck({
  name: 'injection.ImageAutoAnalyzer',
  summary: 'Proxies with image auto, which only the injector can fill in, where nothing injects.',
  emits: ['IST0146', 'IST0147'],
  *run({ mesh }) {
    for (const pod of mesh.of('Pod')) {
      const container = autoContainer(pod.object.spec);
      if (container === undefined) continue;
      const place = placeOf(container, 'create it by a Deployment in a namespace that is injected');
      yield finding('IST0147', pod, { workload: resourceId(pod) }, place);
    }
    const webhooks = mesh
      .of('MutatingWebhookConfiguration')
      .flatMap(({ object }) => object.webhooks ?? [])
      .filter(({ name }) => name.endsWith('istio.io'));
    for (const deployment of mesh.of('Deployment')) {
      const container = autoContainer(podTemplateOf(deployment).spec);
      if (container === undefined || !isWritten(deployment)) continue;
      const reason = whyNot(deployment, mesh, webhooks);
      if (reason === undefined) continue;
      const place = placeOf(container, 'label the namespace or the pod template so that the pods are injected');
      yield finding('IST0146', deployment, { workload: resourceId(deployment), reason }, place);
    }
  },
});
