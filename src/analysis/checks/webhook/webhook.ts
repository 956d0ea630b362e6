import { suggest } from '../../../base/distance.ts';
import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  LabelSelector,
  MutatingWebhook,
  MutatingWebhookConfiguration,
} from '../../../model/schema/generated/types-kubernetes.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';

const REVISION = 'istio.io/rev';

type Labels = Readonly<Record<string, string>>;

interface Entry {
  readonly resource: Resource<MutatingWebhookConfiguration>;
  readonly webhook: MutatingWebhook;
}

const revisionsIn = (selector: LabelSelector | undefined): readonly string[] => {
  const exact = selector?.matchLabels?.[REVISION];
  const listed = (selector?.matchExpressions ?? []).filter(({ key }) => key === REVISION);
  return [...(exact === undefined ? [] : [exact]), ...listed.flatMap(({ values }) => values ?? [])];
};

const revisionsOf = ({ labels, object }: Resource<MutatingWebhookConfiguration>): readonly string[] => [
  ...(labels[REVISION] === undefined ? [] : [labels[REVISION]]),
  ...(object.webhooks ?? []).flatMap(({ namespaceSelector, objectSelector }) => [
    ...revisionsIn(namespaceSelector),
    ...revisionsIn(objectSelector),
  ]),
];

const isIstio = (resource: Resource<MutatingWebhookConfiguration>): boolean =>
  revisionsOf(resource).length > 0 || (resource.object.webhooks ?? []).some(({ name }) => name.endsWith('istio.io'));

const nameOf = ({ resource, webhook }: Entry): string => `${resource.name}/${webhook.name}`;

/** All labels that can matter: a switch on, off or absent, each with every revision and with none. */
const labelSets = (key: string, values: readonly string[], revisions: ReadonlySet<string>): readonly Labels[] =>
  [{}, ...values.map((value) => ({ [key]: value }))].flatMap((base) => [
    base,
    ...[...revisions].map((revision) => ({ ...base, [REVISION]: revision })),
  ]);

/** The different sets of webhooks (by number) that some of the labels are selected by; sets of none left out. */
const selections = (
  entries: readonly Entry[],
  sets: readonly Labels[],
  selectorOf: (webhook: MutatingWebhook) => LabelSelector | undefined,
): readonly ReadonlySet<number>[] => {
  const found = new Map<string, ReadonlySet<number>>();
  for (const labels of sets) {
    const selected = entries.flatMap(({ webhook }, index) =>
      matchesSelector(selectorOf(webhook) ?? {}, labels) ? [index] : [],
    );
    if (selected.length > 0) found.set(selected.join(), new Set(selected));
  }
  return [...found.values()];
};

/** Each set of webhooks that would all be called for one pod, two or more. */
const overlaps = (entries: readonly Entry[]): readonly (readonly Entry[])[] => {
  const revisions = new Set(entries.map(({ resource }) => resource).flatMap(revisionsOf));
  const namespaces = labelSets('istio-injection', ['enabled', 'disabled'], revisions);
  const objects = labelSets('sidecar.istio.io/inject', ['true', 'false'], revisions);
  const byObject = selections(entries, objects, ({ objectSelector }) => objectSelector);
  const found = new Map<string, readonly Entry[]>();
  for (const inNamespace of selections(entries, namespaces, ({ namespaceSelector }) => namespaceSelector)) {
    for (const ofObject of byObject) {
      const called = [...inNamespace].filter((index) => ofObject.has(index));
      if (called.length > 1) {
        found.set(
          called.join(),
          entries.filter((_, index) => inNamespace.has(index) && ofObject.has(index)),
        );
      }
    }
  }
  return [...found.values()];
};

function* findOverlaps(entries: readonly Entry[]): Iterable<Finding> {
  const told = new Set<string>();
  for (const called of overlaps(entries)) {
    for (const entry of called) {
      const others = called.filter((other) => other !== entry);
      const names = others.map(nameOf).sort().join(', ');
      // Webhooks of one object with the same rivals are one problem.
      const identity = `${entry.resource.name} ${names}`;
      if (told.has(identity)) continue;
      told.add(identity);
      yield finding(
        'IST0139',
        entry.resource,
        { problem: `webhook overlaps with ${names}: pods may be injected twice` },
        {
          labels: [entry, ...others].map(({ resource, webhook }) => ({
            span: spanOf(webhook, 'name') ?? resource.span,
            text: 'called for the same pod',
          })),
          hint: 'let their selectors exclude each other',
        },
      );
    }
  }
}

function* findMissingServices(entries: readonly Entry[], mesh: Mesh): Iterable<Finding> {
  const told = new Set<string>();
  for (const { resource, webhook } of entries) {
    const { service } = webhook.clientConfig;
    if (service === undefined || mesh.find('Service', service.namespace, service.name) !== undefined) continue;
    const name = `${service.namespace}/${service.name}`;
    if (told.has(`${resource.name} ${name}`)) continue;
    told.add(`${resource.name} ${name}`);
    const near = suggest(
      name,
      mesh.of('Service').map((known) => `${known.namespace}/${known.name}`),
    );
    const span = spanOf(service, 'name');
    yield finding(
      'IST0139',
      resource,
      { problem: `control plane service ${name} does not exist` },
      {
        labels: span === undefined ? [] : [{ span, text: 'no Service of this name' }],
        effect: 'the injector cannot be called: pods it selects are not injected, or not created',
        ...(near !== undefined && { hint: `did you mean "${near}"?` }),
      },
    );
  }
}

/** Istio's `webhook.Analyzer`. */
export const webhooks = defineCheck({
  name: 'webhook.Analyzer',
  summary: 'Injection webhooks that overlap or lead to a Service that does not exist.',
  emits: ['IST0139'],
  *run({ mesh }) {
    const entries = mesh
      .of('MutatingWebhookConfiguration')
      .filter(isIstio)
      .flatMap((resource) => (resource.object.webhooks ?? []).map((webhook) => ({ resource, webhook })));
    yield* findOverlaps(entries);
    yield* findMissingServices(entries, mesh);
  },
});
