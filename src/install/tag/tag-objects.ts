import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { FileTree } from '../chart/chart.ts';
import type { Platform } from '../chart/render.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';
import { generate } from '../operator/generate.ts';
import { readInputs } from '../operator/inputs.ts';
import type { Descriptors } from '../operator/validate.ts';
import { cloneValue } from '../values/overlay.ts';
import { parsePath, read, writePath } from '../values/path.ts';

/** The tag that injects what names no revision, and validates such configuration. */
export const DEFAULT_TAG = 'default';
/** The label of a tag's objects; `istio.io/rev` beside it names the revision. */
export const TAG_LABEL = 'istio.io/tag';

/** What tags are rendered from. */
export interface TagCharts {
  readonly tree: FileTree;
  readonly descriptors: Descriptors;
  readonly platform: Platform;
}

export interface TagRequest {
  readonly tag: string;
  readonly revision: string;
  /** Where istiod runs. */
  readonly namespace: string;
  /** The MutatingWebhookConfiguration of the revision itself, as the cluster has it or is about to have it. */
  readonly canonical: Plain;
  /** Whether the default tag injects into namespaces that say nothing. */
  readonly autoInject: boolean;
  /** Labels of the installation that the tag belongs to; a tag of the user's own carries none of any installation. */
  readonly owner: Readonly<Record<string, string>> | 'user';
  /** Instead of `istio-revision-tag-TAG`. */
  readonly webhookName?: string;
}

/** Webhook, Service and, for the default tag, validator; none where a problem is an error. */
export interface TagObjects {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly Problem[];
}

type Labels = Readonly<Record<string, unknown>>;

/** How the webhooks of a revision are called. */
interface Target {
  readonly service: string;
  readonly path: string;
  readonly url: string;
  readonly caBundle: string;
  readonly reinvocation: string;
}

const INJECTOR = /sidecar-injector\.istio\.io$/;
const OWNER_LABEL = /operator\.istio\.io/;

const textAt = (value: unknown, path: string): string => {
  const found = read(value, path);
  return typeof found === 'string' ? found : '';
};

const webhooksOf = (configuration: Plain): readonly Plain[] => {
  const { webhooks } = configuration;
  return Array.isArray(webhooks) ? webhooks.filter(isObject) : [];
};

const labelsOf = (object: Plain): Labels => {
  const labels = read(object, 'metadata.labels');
  return isObject(labels) ? labels : {};
};

const targetOf = (canonical: Plain): Target | undefined => {
  const webhook = webhooksOf(canonical).find((each) => INJECTOR.test(textAt(each, 'name')));
  return (
    webhook && {
      service: textAt(webhook, 'clientConfig.service.name'),
      path: textAt(webhook, 'clientConfig.service.path'),
      url: textAt(webhook, 'clientConfig.url'),
      caBundle: textAt(webhook, 'clientConfig.caBundle'),
      reinvocation: textAt(webhook, 'reinvocationPolicy'),
    }
  );
};

/** Renders the objects of a tag from istiod's chart, so that they lead where the webhook of the revision leads. */
export const tagObjects = (charts: TagCharts, request: TagRequest): TagObjects => {
  const target = targetOf(request.canonical);
  if (target === undefined) {
    const message = `${textAt(request.canonical, 'metadata.name')} of revision "${request.revision}" has no webhook that injects`;
    const hint = `install revision "${request.revision}" again`;
    return { objects: [], problems: [{ severity: 'error', code: 'NO_INJECTOR', message, hint }] };
  }
  const { tree, descriptors, platform } = charts;
  const options = { force: false, components: ['pilot'] };
  const { components, problems } = generate(
    tree,
    readInputs([], settings(request, target)),
    descriptors,
    platform,
    options,
  );
  const rendered = components.flatMap(({ objects }) => objects);
  const tagged = rendered.filter(({ value }) => labelsOf(value)[TAG_LABEL] === request.tag);
  const validators = rendered.filter(({ kind }) => kind === 'ValidatingWebhookConfiguration');
  const objects = [
    ...tagged
      .filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
      .map((each) => injector(each, request, target)),
    ...(request.tag === DEFAULT_TAG ? validators.map((each) => validator(each, request, target)) : []),
    ...tagged.filter(({ kind }) => kind === 'Service').map((each) => relabelled(each, {}, request)),
  ];
  return { objects, problems };
};

const settings = (
  { tag, revision, namespace, autoInject }: TagRequest,
  { url, reinvocation }: Target,
): readonly string[] => [
  'profile=empty',
  'components.pilot.enabled=true',
  `revision=${revision}`,
  `values.revisionTags.[0]=${tag}`,
  `values.global.istioNamespace=${namespace}`,
  'values.global.configValidation=true',
  `values.sidecarInjectorWebhook.enableNamespacesByDefault=${autoInject}`,
  ...(url === '' ? [] : [`values.istiodRemote.injectionURL=${url}`]),
  ...(reinvocation === '' ? [] : [`values.sidecarInjectorWebhook.reinvocationPolicy=${reinvocation}`]),
];

/** The object with labels over its own; what the webhook of the revision carries is how installations find their tags. */
const relabelled = (object: ManifestObject, labels: Labels, { owner }: TagRequest): ManifestObject => {
  const own = { ...labelsOf(object.value), ...labels, ...(owner === 'user' ? {} : owner) };
  const kept = Object.entries(own).filter(([key]) => owner !== 'user' || !OWNER_LABEL.test(key));
  return changed(object, [['metadata.labels', Object.fromEntries(kept)]]);
};

/** Labels of the revision's webhook; `app` is another one for each kind of object. */
const canonicalLabels = ({ canonical }: TagRequest): Labels => {
  const { app: _, ...labels } = labelsOf(canonical);
  return labels;
};

const injector = (object: ManifestObject, request: TagRequest, target: Target): ManifestObject => {
  const webhooks = webhooksOf(object.value).map((webhook) =>
    withCall(webhook, { service: target.service, path: target.path, url: target.url, caBundle: target.caBundle }),
  );
  const name = request.webhookName ?? object.name;
  const annotations = read(request.canonical, 'metadata.annotations');
  const renamed = changed(object, [
    ['metadata.name', name],
    ['webhooks', webhooks],
    ...(isObject(annotations) ? [['metadata.annotations', annotations] as const] : []),
  ]);
  return relabelled(renamed, canonicalLabels(request), request);
};

/** The validator of a revision as the one of all configuration that names no revision. */
const validator = (object: ManifestObject, request: TagRequest, target: Target): ManifestObject => {
  const url = target.url === '' ? '' : new URL('/validate', target.url).href;
  const webhooks = webhooksOf(object.value).map((webhook) => ({
    ...withCall(webhook, { service: target.service, path: '/validate', url, caBundle: target.caBundle }),
    name: 'validation.istio.io',
    objectSelector: { matchExpressions: [{ key: 'istio.io/rev', operator: 'DoesNotExist' }] },
  }));
  const renamed = changed(object, [
    ['metadata.name', 'istiod-default-validator'],
    ['webhooks', webhooks],
  ]);
  return relabelled(renamed, { ...canonicalLabels(request), [TAG_LABEL]: DEFAULT_TAG }, request);
};

/** A webhook that is called where another one is. */
const withCall = (webhook: Plain, { service, path, url, caBundle }: Omit<Target, 'reinvocation'>): Plain => {
  const copy = cloneValue(webhook);
  const bundle = caBundle === '' ? {} : { caBundle };
  const own = read(copy, 'clientConfig.service');
  const called = isObject(own) && url === '' ? { service: { ...own, name: service, path } } : { url };
  writePath(copy, parsePath('clientConfig'), { ...called, ...bundle });
  return copy;
};

const changed = (
  object: ManifestObject,
  changes: readonly (readonly [path: string, value: unknown])[],
): ManifestObject => {
  const copy = cloneValue(object.value);
  for (const [path, value] of changes) writePath(copy, parsePath(path), value);
  return manifestObject(copy);
};
