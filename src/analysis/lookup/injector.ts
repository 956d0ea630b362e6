import type { Resource } from '../../model/resource.ts';
import type { ConfigMap } from '../../model/schema/generated/types-kubernetes.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';

const PREFIX = 'istio-sidecar-injector';

/** The ConfigMaps of injectors, one a revision. */
export const isInjectorConfig = ({ name }: Resource): boolean => name.startsWith(PREFIX);

/** The name of the injector's ConfigMap for a revision; the default one has no suffix. */
export const injectorConfigName = (revision: string): string =>
  revision === '' || revision === 'default' ? PREFIX : `${PREFIX}-${revision}`;

const section = (values: unknown, name: string): Plain => {
  const found = isObject(values) ? values[name] : undefined;
  return isObject(found) ? found : {};
};

/** The Helm values the injector was installed with, JSON under key `values`; unreadable ones are none. */
const valuesOf = (config: Resource<ConfigMap>): unknown => {
  try {
    return JSON.parse(config.object.data?.['values'] ?? '');
  } catch {
    return undefined;
  }
};

/** Whether an injector takes namespaces without labels (`sidecarInjectorWebhook.enableNamespacesByDefault`). */
export const isEnabledByDefault = (config: Resource<ConfigMap>): boolean =>
  section(valuesOf(config), 'sidecarInjectorWebhook')['enableNamespacesByDefault'] === true;

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** The image an injector gives the proxy; an image with a slash is complete, others get hub and tag. */
export const injectedImage = (config: Resource<ConfigMap>): string => {
  const global = section(valuesOf(config), 'global');
  const image = textOf(section(global, 'proxy')['image']);
  return image.includes('/') ? image : `${textOf(global['hub'])}/${image}:${textOf(global['tag'])}`;
};
