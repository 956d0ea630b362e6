import { isObject } from '../../model/value.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';

/**
 * A validator as it is to be applied over the one in the cluster. Charts have it let everything pass until istiod serves
 * it; istiod then makes it refuse (`Fail`), and applying must not take that back.
 */
export const keepFailurePolicy = (wanted: ManifestObject, live: ManifestObject | undefined): ManifestObject => {
  const webhooks = wanted.value['webhooks'];
  const existing = live?.value['webhooks'];
  if (wanted.kind !== 'ValidatingWebhookConfiguration' || !Array.isArray(webhooks) || !Array.isArray(existing))
    return wanted;
  const policyOf = (name: unknown): unknown =>
    existing.filter(isObject).find((each) => each['name'] === name)?.['failurePolicy'];
  const kept = webhooks.map((each: unknown) =>
    isObject(each) && policyOf(each['name']) === 'Fail' ? { ...each, failurePolicy: 'Fail' } : each,
  );
  return manifestObject({ ...wanted.value, webhooks: kept });
};
