import { type Resource, resourceId } from '../../../model/resource.ts';
import type { Namespace } from '../../../model/schema/generated/types-kubernetes.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { podTemplateOf, proxyContainer } from '../../lookup/pod-template.ts';
import { indexPods } from '../../lookup/pods.ts';
import { offerFix } from '../../offer-fix.ts';

const INJECTION = 'istio-injection';
const INJECT = 'sidecar.istio.io/inject';

/** What somebody means who writes something else than Istio's two words. */
const YES = /^(?:1|y|yes|on|t|true|enabled?)$/i;
const NO = /^(?:0|n|no|off|f|false|disabled?)$/i;

const meant = (value: string, yes: string, no: string): string | undefined => {
  if (YES.test(value)) return yes;
  return NO.test(value) ? no : undefined;
};

const correction = (labels: object, key: string, word: string | undefined) =>
  word === undefined ? {} : offerFix(`write "${word}"`, 'unsafe', [setText(labels, key, word)]);

function* findUnknownWord(namespace: Resource<Namespace>): Iterable<Finding> {
  const { labels } = namespace.object.metadata;
  const value = labels?.[INJECTION] ?? '';
  if (labels === undefined || value === '' || value === 'enabled' || value === 'disabled') return;
  const word = meant(value, 'enabled', 'disabled');
  yield finding(
    'HED0080',
    namespace,
    { label: INJECTION, value, words: 'enabled or disabled' },
    {
      in: labels,
      key: INJECTION,
      effect: 'no pod of the namespace gets a sidecar, not even one that asks for it',
      hint: `write "${word ?? 'enabled'}"`,
      ...correction(labels, INJECTION, word),
    },
  );
}

/** Where a pod says whether it wants a sidecar: the label goes before the annotation. */
const wishOf = (owner: Resource): { readonly holder: Readonly<Record<string, string>>; readonly value: string } => {
  const { labels, annotations } = podTemplateOf(owner);
  const holder = labels[INJECT] === undefined ? annotations : labels;
  return { holder, value: holder[INJECT] ?? '' };
};

function* findUnheardWishes({ mesh, pods }: AnalysisInput): Iterable<Finding> {
  for (const { namespace: name, owner, sidecar } of indexPods(pods).pods) {
    const { holder, value } = wishOf(owner);
    if (value === '' || value === 'false') continue;
    const namespace = mesh.find('Namespace', '', name);
    if (value !== 'true') {
      const word = meant(value, 'true', 'false');
      yield finding(
        'HED0080',
        owner,
        { label: INJECT, value, words: '"true" or "false"' },
        {
          in: holder,
          key: INJECT,
          effect: 'the pods get a sidecar or not as if they said nothing about it',
          hint: `write "${word ?? 'true'}", in quotes`,
          ...correction(holder, INJECT, word),
        },
      );
      continue;
    }
    // A namespace that is not among the files may have been labelled in the cluster.
    const { spec } = podTemplateOf(owner);
    const isSure = namespace !== undefined || spec?.hostNetwork === true;
    if (sidecar.injected || !isSure || (proxyContainer(spec)?.image ?? '') !== '') continue;
    const { labels = {} } = namespace?.object.metadata ?? {};
    const span = labels[INJECTION] === undefined ? undefined : spanOf(labels, INJECTION);
    yield finding(
      'HED0081',
      owner,
      { workload: resourceId(owner), reason: sidecar.reason },
      {
        in: holder,
        key: INJECT,
        labels: span === undefined ? [] : [{ span, text: 'decides, whatever the pods say' }],
        effect: 'the pods run without proxy: no mutual TLS, no routing, no policies',
        hint: 'write it as a label of the pod template, in a namespace that does not refuse injection',
      },
    );
  }
}

/** Words about injection that Istio does not know, or does not hear. */
export const injectionLabels = defineCheck({
  name: 'heddle.InjectionLabels',
  summary: 'Injection labels with values Istio does not know, and pods that ask for a sidecar in vain.',
  emits: ['HED0080', 'HED0081'],
  *run(input) {
    for (const namespace of input.mesh.of('Namespace')) yield* findUnknownWord(namespace);
    yield* findUnheardWishes(input);
  },
});
