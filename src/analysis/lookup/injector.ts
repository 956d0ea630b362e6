import { enablesByDefault, proxyImage } from '../../model/injector-values.ts';
import type { Resource } from '../../model/resource.ts';
import type { ConfigMap } from '../../model/schema/generated/types-kubernetes.ts';

const PREFIX = 'istio-sidecar-injector';

/** The ConfigMaps of injectors, one a revision. */
export const isInjectorConfig = ({ name }: Resource): boolean => name.startsWith(PREFIX);

/** The name of the injector's ConfigMap for a revision; the default one has no suffix. */
export const injectorConfigName = (revision: string): string =>
  revision === '' || revision === 'default' ? PREFIX : `${PREFIX}-${revision}`;

/** Whether an injector takes namespaces without labels. */
export const isEnabledByDefault = (config: Resource<ConfigMap>): boolean =>
  enablesByDefault(config.object.data?.['values']);

/** The image an injector gives the proxy. */
export const injectedImage = (config: Resource<ConfigMap>): string => proxyImage(config.object.data?.['values']);
