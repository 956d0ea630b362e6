import type { ManifestObject } from '../../install/manifest/object.ts';
import { labelOf, OWNER_LABELS } from '../../install/owner/ownership.ts';
import { isDeactivated } from '../../install/tag/never-match.ts';
import { TAG_LABEL } from '../../install/tag/tag-objects.ts';
import { read, readMap } from '../../install/values/path.ts';
import { matchesSelector, type Selector } from '../../model/selector.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';

/** The webhooks of a configuration. */
export const webhooksOf = ({ value: { webhooks } }: ManifestObject): readonly Plain[] =>
  Array.isArray(webhooks) ? webhooks.filter(isObject) : [];

/** Webhook configurations that are Istio's: of a revision or a tag. */
export const isIstios = (configuration: ManifestObject): boolean =>
  labelOf(configuration, OWNER_LABELS.revision) !== '' &&
  webhooksOf(configuration).some((webhook) => String(webhook['name']).endsWith('istio.io'));

/** The injectors that inject; those put to rest beside the default tag are left out. */
export const activeInjectors = (injectors: readonly ManifestObject[]): readonly ManifestObject[] =>
  injectors.filter((injector) => isIstios(injector) && !isDeactivated(injector));

/** The revision and, if it is one of a tag, the tag that a configuration belongs to. */
export const belongsTo = (configuration: ManifestObject): { readonly revision: string; readonly tag: string } => ({
  revision: labelOf(configuration, OWNER_LABELS.revision),
  tag: labelOf(configuration, TAG_LABEL),
});

/** The Service that a webhook calls; undefined for one that calls a URL. */
export const serviceOf = (webhook: Plain): { readonly namespace: string; readonly name: string } | undefined => {
  const service = readMap(webhook, 'clientConfig.service');
  return service && { namespace: String(service['namespace']), name: String(service['name']) };
};

/** The certificates a webhook's server must be signed by, as PEM; the empty text where there are none. */
export const bundleOf = (webhook: Plain): string => {
  const bundle = read(webhook, 'clientConfig.caBundle');
  return typeof bundle === 'string' ? Buffer.from(bundle, 'base64').toString('utf8') : '';
};

const selectorAt = (webhook: Plain, path: string): Selector => (readMap(webhook, path) ?? {}) as Selector;

/** Whether a webhook is called for some pod of a namespace with these labels. */
export const callsForNamespace = (webhook: Plain, labels: Readonly<Record<string, string>>): boolean =>
  matchesSelector(selectorAt(webhook, 'namespaceSelector'), labels);

/** Whether a webhook is called for a pod with these labels in a namespace with those. */
export const callsForPod = (
  webhook: Plain,
  namespace: Readonly<Record<string, string>>,
  pod: Readonly<Record<string, string>>,
): boolean => callsForNamespace(webhook, namespace) && matchesSelector(selectorAt(webhook, 'objectSelector'), pod);
