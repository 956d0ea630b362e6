import { isObject } from '../../model/value.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';
import { read } from '../values/path.ts';

/** What no namespace and no pod is labelled with, in the words of istioctl, which knows it again. */
const NEVER = { matchLabels: { 'istio.io/deactivated': 'never-match' } };

/**
 * The injector of the unnamed revision, made to inject nothing: beside it stands the default tag, and a pod must not be
 * injected by both. It is kept so that the tag can be moved back.
 */
export const neverMatching = (injector: ManifestObject): ManifestObject => {
  const { webhooks } = injector.value;
  if (!Array.isArray(webhooks)) return injector;
  const idle = webhooks.map((each: unknown) =>
    isObject(each) ? { ...each, namespaceSelector: NEVER, objectSelector: NEVER } : each,
  );
  return manifestObject({ ...injector.value, webhooks: idle });
};

/** Whether all webhooks of a configuration were made to inject nothing. */
export const isDeactivated = ({ value: { webhooks } }: ManifestObject): boolean =>
  Array.isArray(webhooks) &&
  webhooks.every((each: unknown) => {
    const labels = read(each, 'namespaceSelector.matchLabels');
    return isObject(labels) && labels['istio.io/deactivated'] === 'never-match';
  });
