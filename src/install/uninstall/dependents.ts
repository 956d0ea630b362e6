import type { ManifestObject } from '../manifest/object.ts';
import { byNamespace, type ProxyPod } from '../mesh/proxies.ts';
import { labelOf, OWNER_LABELS } from '../owner/ownership.ts';
import { isDeactivated } from '../tag/never-match.ts';
import { DEFAULT_TAG, TAG_LABEL } from '../tag/tag-objects.ts';
import type { Target } from './selection.ts';

/** Something that stops working with what is removed. */
export interface Dependent {
  readonly kind: 'proxies' | 'gateways' | 'namespaces' | 'tag' | 'configuration';
  /** One sentence without final period. */
  readonly message: string;
  /** What to do first. */
  readonly hint: string;
  /** Of configuration: how many objects of which kinds there are, by namespace. */
  readonly objects?: readonly KindCount[];
}

/** Objects of one kind in one namespace; the empty text where the kind has none. */
interface KindCount {
  readonly kind: string;
  readonly namespace: string;
  readonly count: number;
}

/** What a cluster has that may depend on control planes. */
export interface Depending {
  readonly proxies: readonly ProxyPod[];
  readonly namespaces: readonly ManifestObject[];
  /** All MutatingWebhookConfigurations. */
  readonly injectors: readonly ManifestObject[];
  /** Objects of the kinds whose definitions are removed. */
  readonly configuration: readonly ManifestObject[];
  /** What is removed. */
  readonly selected: readonly ManifestObject[];
}

const countOf = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** What still depends on the target, the most dangerous first. */
export const dependentsOf = (target: Target, state: Depending): readonly Dependent[] => [
  ...proxiesOf(target, state),
  ...gatewaysIn(state),
  ...namespacesOf(target, state),
  ...tagsOf(target, state),
  ...configurationOf(state),
];

const leads = (target: Target, revision: string): boolean => target.isPurge || target.revision === revision;

const proxiesOf = (target: Target, { proxies }: Depending): readonly Dependent[] => {
  const left = proxies.filter((each) => leads(target, each.revision) && !each.isInstalled);
  if (left.length === 0) return [];
  return [
    {
      kind: 'proxies',
      message: `${countOf(left.length, 'proxy has', 'proxies have')} no control plane any more: ${byNamespace(left)}`,
      hint: 'restart their workloads under another revision, or without injection, first',
    },
  ];
};

const gatewaysIn = ({ selected }: Depending): readonly Dependent[] => {
  const names = selected
    .filter((object) => object.kind === 'Deployment' && /Gateways$/.test(labelOf(object, OWNER_LABELS.component)))
    .map(({ namespace, name }) => `${namespace}/${name}`);
  if (names.length === 0) return [];
  return [
    {
      kind: 'gateways',
      message: `${countOf(names.length, 'gateway is', 'gateways are')} removed, with all traffic through ${names.length === 1 ? 'it' : 'them'}: ${names.join(', ')}`,
      hint: 'install gateways of another revision, and lead traffic there, first',
    },
  ];
};

/** The revisions that a namespace may be injected by: what its label names, a tag resolved. */
const injectedBy = (namespace: ManifestObject, injectors: readonly ManifestObject[]): string | undefined => {
  const named = labelOf(namespace, OWNER_LABELS.revision);
  const injection = labelOf(namespace, 'istio-injection');
  if (injection === 'disabled' || (injection === '' && named === '')) return undefined;
  const wanted = injection === 'enabled' ? DEFAULT_TAG : named;
  const tag = injectors.find((object) => labelOf(object, TAG_LABEL) === wanted);
  if (tag !== undefined) return labelOf(tag, OWNER_LABELS.revision);
  const own = injectors.find(
    (object) =>
      labelOf(object, OWNER_LABELS.revision) === wanted && labelOf(object, TAG_LABEL) === '' && !isDeactivated(object),
  );
  return own && wanted;
};

const namespacesOf = (target: Target, { namespaces, injectors }: Depending): readonly Dependent[] => {
  const names = namespaces
    .filter((namespace) => {
      const revision = injectedBy(namespace, injectors);
      return revision !== undefined && leads(target, revision);
    })
    .map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    {
      kind: 'namespaces',
      message: `new pods of ${countOf(names.length, 'namespace', 'namespaces')} get no sidecar any more: ${names.join(', ')}`,
      hint: 'label them for another revision, or remove the label, first',
    },
  ];
};

/** Tags without a revision behind them; with everything else gone nobody asks for the tags of an installation. */
const tagsOf = (target: Target, { injectors, selected }: Depending): readonly Dependent[] => {
  if (target.isPurge) return [];
  const removed = new Set(selected.map(({ kind, name }) => `${kind} ${name}`));
  const other = otherRevision(injectors, target.revision);
  return injectors
    .filter((object) => labelOf(object, TAG_LABEL) !== '' && leads(target, labelOf(object, OWNER_LABELS.revision)))
    .flatMap((object): readonly Dependent[] => {
      const tag = labelOf(object, TAG_LABEL);
      const isRemoved = removed.has(`${object.kind} ${object.name}`);
      if (isRemoved && other === undefined) return [];
      const move = other === undefined ? `heddle tag remove ${tag}` : `heddle tag set ${tag} -r ${other} --overwrite`;
      const message = isRemoved
        ? `the tag "${tag}" is removed, and what it injected is not injected any more`
        : `the tag "${tag}" leads nowhere: pods that it selects cannot be created`;
      return [{ kind: 'tag', message, hint: `${other === undefined ? 'remove' : 'move'} it first: ${move}` }];
    });
};

const otherRevision = (injectors: readonly ManifestObject[], revision: string): string | undefined =>
  injectors
    .filter((object) => labelOf(object, TAG_LABEL) === '')
    .map((object) => labelOf(object, OWNER_LABELS.revision))
    .find((each) => each !== '' && each !== revision);

/** How many of each, the most frequent first. */
const countsOf = (words: readonly string[]): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
};

const configurationOf = ({ configuration, selected }: Depending): readonly Dependent[] => {
  const key = ({ kind, namespace, name }: ManifestObject): string => `${kind} ${namespace}/${name}`;
  const installed = new Set(selected.map(key));
  const users = configuration.filter((object) => !installed.has(key(object)));
  if (users.length === 0) return [];
  const kinds = countsOf(users.map(({ kind }) => kind)).map(([kind, count]) => `${count} ${kind}`);
  const places = countsOf(users.map(({ namespace }) => namespace))
    .filter(([namespace]) => namespace !== '')
    .map(([namespace, count]) => `${count} in "${namespace}"`);
  const objects = countsOf(users.map(({ kind, namespace }) => `${kind}/${namespace}`)).map(([word, count]) => {
    const [kind = '', namespace = ''] = word.split('/');
    return { kind, namespace, count };
  });
  return [
    {
      kind: 'configuration',
      message: `${countOf(users.length, 'object is', 'objects are')} deleted with their definitions: ${[kinds, places]
        .filter((words) => words.length > 0)
        .map((words) => words.join(', '))
        .join('; ')}`,
      hint: 'save what is to be kept first: kubectl get KIND -A -o yaml',
      objects,
    },
  ];
};
