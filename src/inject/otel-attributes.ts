import type { GoValue } from '../template/value.ts';
import { dig, digText } from './image.ts';
import { behind } from './json-behind.ts';

type Texts = ReadonlyMap<string, GoValue>;

const PREFIX = 'resource.opentelemetry.io/';

const textAt = (texts: Texts, key: string): string => {
  const value = texts.get(key);
  return typeof value === 'string' ? value : '';
};

/** `TAG`, `DIGEST` or `TAG@DIGEST` of `REGISTRY:PORT/NAME:TAG@DIGEST`. */
const versionOfImage = (image: string): string => {
  const at = image.indexOf('@');
  const digest = at < 0 ? '' : image.slice(at + 1);
  const name = at < 0 ? image : image.slice(0, at);
  const colon = name.lastIndexOf(':');
  const tag = colon > name.lastIndexOf('/') ? name.slice(colon + 1) : '';
  return [tag, digest].filter((part) => part !== '').join('@');
};

const hasConventions = (mesh: GoValue): boolean => {
  const providers = dig(behind(mesh), 'extensionProviders');
  return (
    Array.isArray(providers) &&
    providers.some(
      (provider) => dig(provider, 'opentelemetry', 'serviceAttributeEnrichment') === 'OTEL_SEMANTIC_CONVENTIONS',
    )
  );
};

/**
 * Value of `OTEL_RESOURCE_ATTRIBUTES`: namespace, version and instance of the service by OpenTelemetry's conventions for
 * Kubernetes; empty unless a provider of the mesh wants them.
 */
export const otelResourceAttributes = (
  mesh: GoValue,
  annotations: Texts,
  labels: Texts,
  namespace: string,
  containers: readonly GoValue[],
): string => {
  if (!hasConventions(mesh)) return '';
  const [first] = containers;
  const image = containers.length === 1 && first !== undefined ? digText(behind(first), 'image') : '';
  const instance = first === undefined ? '' : `${namespace}.$(POD_NAME).${digText(behind(first), 'name')}`;
  const attributes = {
    'service.namespace': textAt(annotations, `${PREFIX}service.namespace`) || namespace,
    'service.version':
      textAt(annotations, `${PREFIX}service.version`) ||
      textAt(labels, 'app.kubernetes.io/version') ||
      versionOfImage(image),
    'service.instance.id': textAt(annotations, `${PREFIX}service.instance.id`) || instance,
  };
  return Object.entries(attributes)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
};
