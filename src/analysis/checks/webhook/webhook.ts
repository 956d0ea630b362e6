import { suggest } from '../../../base/distance.ts';
import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  LabelSelector,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ServiceReference,
} from '../../../model/schema/generated/types-kubernetes.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { isMistyped } from '../../lookup/mistyped.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { offerFix } from '../../offer-fix.ts';

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

/** The revisions outside of which a selector takes nothing; undefined where it does not insist on one. */
const wantedRevisions = (selector: LabelSelector): readonly string[] | undefined => {
  const exact = selector.matchLabels?.[REVISION];
  if (exact !== undefined) return [exact];
  return selector.matchExpressions?.find(({ key, operator }) => key === REVISION && operator === 'In')?.values;
};

/** Webhooks (by number) with one and the same selector. */
interface Group {
  readonly selector: LabelSelector;
  readonly webhooks: number[];
}

const groupBySelector = (selectors: readonly LabelSelector[]): readonly Group[] => {
  const groups = new Map<string, Group>();
  for (const [index, selector] of selectors.entries()) {
    const key = JSON.stringify(selector);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { selector, webhooks: [index] });
    else known.webhooks.push(index);
  }
  return [...groups.values()];
};

/** Groups by the revision they want; under no revision those that may take any. */
const byRevision = (groups: readonly Group[]): ReadonlyMap<string | undefined, readonly Group[]> => {
  const filed = new Map<string | undefined, Group[]>();
  for (const group of groups) {
    for (const revision of new Set(wantedRevisions(group.selector) ?? [undefined])) {
      const known = filed.get(revision);
      if (known === undefined) filed.set(revision, [group]);
      else known.push(group);
    }
  }
  return filed;
};

/** The different sets of webhooks (by number) that some of the labels are selected by; sets of none left out. */
const selections = (selectors: readonly LabelSelector[], sets: readonly Labels[]): readonly ReadonlySet<number>[] => {
  const groups = groupBySelector(selectors);
  const numbers = new Map(groups.map((group, number) => [group, number]));
  const filed = byRevision(groups);
  const found = new Map<string, readonly Group[]>();
  for (const labels of sets) {
    const revision = labels[REVISION];
    const wanting = revision === undefined ? [] : (filed.get(revision) ?? []);
    const selected = [...(filed.get(undefined) ?? []), ...wanting].filter(({ selector }) =>
      matchesSelector(selector, labels),
    );
    if (selected.length > 0) found.set(selected.map((group) => numbers.get(group)).join(), selected);
  }
  return [...found.values()].map((selected) => new Set(selected.flatMap(({ webhooks: own }) => own)));
};

/** Each set of webhooks that would all be called for one pod, two or more. */
const overlaps = (entries: readonly Entry[]): readonly (readonly Entry[])[] => {
  const configurations = new Set(entries.map(({ resource }) => resource));
  const revisions = new Set([...configurations].flatMap(revisionsOf));
  const namespaces = labelSets('istio-injection', ['enabled', 'disabled'], revisions);
  const objects = labelSets('sidecar.istio.io/inject', ['true', 'false'], revisions);
  const ofObjects = selections(
    entries.map(({ webhook }) => webhook.objectSelector ?? {}),
    objects,
  );
  const inNamespaces = selections(
    entries.map(({ webhook }) => webhook.namespaceSelector ?? {}),
    namespaces,
  );
  const found = new Map<string, readonly Entry[]>();
  for (const inNamespace of inNamespaces) {
    for (const ofObject of ofObjects) {
      const [few, many] = inNamespace.size < ofObject.size ? [inNamespace, ofObject] : [ofObject, inNamespace];
      const called = [...few].filter((index) => many.has(index)).sort((a, b) => a - b);
      if (called.length > 1) {
        found.set(
          called.join(),
          called.flatMap((index) => entries[index] ?? []),
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
      const names = nameList(others.map(nameOf));
      // Webhooks of one object with the same rivals are one problem.
      const identity = `${entry.resource.name} ${names}`;
      if (told.has(identity)) continue;
      told.add(identity);
      yield finding(
        'IST0139',
        entry.resource,
        { problem: `webhook overlaps with ${names}: pods may be injected twice` },
        {
          labels: [entry, ...others.slice(0, SHOWN_NAMES)].map(({ resource, webhook }) => ({
            span: spanOf(webhook, 'name') ?? resource.span,
            text: 'called for the same pod',
          })),
          hint: 'let their selectors exclude each other',
        },
      );
    }
  }
}

const nameService = (service: ServiceReference, near: string): Pick<Place, 'fix'> => {
  const [namespace = '', name = ''] = near.split('/');
  const edits = [
    ...(namespace === service.namespace ? [] : [setText(service, 'namespace', namespace)]),
    ...(name === service.name ? [] : [setText(service, 'name', name)]),
  ];
  return isMistyped(`${service.namespace}/${service.name}`, near) ? offerFix(`call "${near}"`, 'unsafe', edits) : {};
};

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
        ...(near !== undefined && { hint: `did you mean "${near}"?`, ...nameService(service, near) }),
      },
    );
  }
}

const entriesOf = (mesh: Mesh): readonly Entry[] =>
  mesh
    .of('MutatingWebhookConfiguration')
    .filter(isIstio)
    .flatMap((resource) => (resource.object.webhooks ?? []).map((webhook) => ({ resource, webhook })));

/** The injectors that would be called for one and the same pod, wherever their Services are. */
export const webhookOverlaps = (mesh: Mesh): readonly Finding[] => [...findOverlaps(entriesOf(mesh))];

/** Istio's `webhook.Analyzer`. */
export const webhooks = defineCheck({
  name: 'webhook.Analyzer',
  summary: 'Injection webhooks that overlap or lead to a Service that does not exist.',
  emits: ['IST0139'],
  *run({ mesh }) {
    const entries = entriesOf(mesh);
    yield* findOverlaps(entries);
    yield* findMissingServices(entries, mesh);
  },
});
