import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import type { SecondaryLabel } from '../../finding.ts';
import { injectedImage, injectorConfigName, isInjectorConfig } from '../../lookup/injector.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { podTemplateOf } from '../../lookup/pod-template.ts';
import { createImageTypes } from '../../lookup/proxy-image-type.ts';

interface Mismatch {
  readonly pod: string;
  readonly label: SecondaryLabel;
}

/** The revision that injects a namespace; undefined where none does. */
const revisionOf = (labels: Readonly<Record<string, string>>): string | undefined =>
  labels['istio.io/rev'] ?? (labels['istio-injection'] === 'enabled' ? 'default' : undefined);

const findMismatches = ({ mesh, pods }: AnalysisInput, images: ReadonlyMap<string, string>) => {
  const imageTypeOf = createImageTypes(mesh);
  const byNamespace = new Map<string, Mismatch[]>();
  for (const { owner, namespace, name, workloadKind, workload, replica } of pods) {
    const revision = revisionOf(mesh.namespaceLabels(namespace));
    const { labels, annotations, spec } = podTemplateOf(owner);
    // What the pod itself demands always wins.
    if (revision === undefined || replica > 0 || (annotations['sidecar.istio.io/proxyImage'] ?? '') !== '') continue;
    const wanted = images.get(injectorConfigName(revision));
    if (wanted === undefined) continue;
    const variant = imageTypeOf({ namespace, labels, annotations });
    for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
      const { image = '' } = container;
      // The pods of a workload with image auto get the injected one.
      if (container.name !== 'istio-proxy' || (image === 'auto' && workloadKind !== 'Pod')) continue;
      if (image === wanted || image === `${wanted}-${variant}`) continue;
      const mismatch: Mismatch = {
        pod: workloadKind === 'Pod' ? name : workload,
        label: { span: spanOf(container, 'image') ?? owner.span, text: `not ${wanted}` },
      };
      const known = byNamespace.get(namespace);
      if (known === undefined) byNamespace.set(namespace, [mismatch]);
      else known.push(mismatch);
    }
  }
  return byNamespace;
};

/** Istio's `injection.ImageAnalyzer`; one finding a namespace. */
export const injectedImages = defineCheck({
  name: 'injection.ImageAnalyzer',
  summary: 'Namespaces with pods whose proxy is not the one the injector would give them.',
  emits: ['IST0158'],
  *run(input) {
    const configs = input.mesh.of('ConfigMap').filter(isInjectorConfig);
    if (configs.length === 0) return;
    const images = new Map(configs.map((config) => [config.name, injectedImage(config)]));
    for (const [name, mismatches] of findMismatches(input, images)) {
      const namespace = input.mesh.find('Namespace', '', name);
      if (namespace === undefined) continue;
      const pods = nameList(mismatches.map(({ pod }) => pod));
      yield finding(
        'IST0158',
        namespace,
        { namespace: name, pods },
        {
          labels: mismatches.slice(0, SHOWN_NAMES).map(({ label }) => label),
          effect: 'these proxies may lack what their control plane configures',
          hint: 'restart the workloads, so that their pods are injected again',
        },
      );
    }
  },
});
