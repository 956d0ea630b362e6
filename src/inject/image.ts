import { isObject } from '../model/value.ts';
import { printValue } from '../template/fmt/printer.ts';
import { fromPlain } from '../template/value.ts';
import type { Plain } from '../yaml/plain.ts';

/** A value below keys of a message in canonical form; undefined where any of them is absent. */
export const dig = (json: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), json);

/** Text below keys of a message; empty where it is not set. */
export const digText = (json: unknown, ...keys: readonly string[]): string => {
  const found = dig(json, ...keys);
  return typeof found === 'string' ? found : '';
};

const TYPE_ANNOTATION = 'sidecar.istio.io/proxyImageType';

/** The tag with another image type; `default` stands for none, and so does the empty text for the tag as it is. */
const retype = (tag: string, type: string): string => {
  if (type === '') return tag;
  const bare = tag.replace(/-(?:distroless|debug)$/, '');
  return type === 'default' ? bare : `${bare}-${type}`;
};

/**
 * Image of the proxy (`component` proxy) or of its init container (proxy_init) by Helm values in canonical form: the
 * type comes from the pod's annotation, else from `imageType` of the proxy configuration, else from the variant.
 */
export const imageOf = (
  values: Plain,
  component: 'proxy' | 'proxy_init',
  imageType: string,
  annotations: Readonly<Record<string, string>>,
): string => {
  const name = digText(values, 'global', component, 'image') || 'proxyv2';
  const given = dig(values, 'global', 'tag');
  // Tags are texts or numbers, which print as Go prints them.
  const tag = given === undefined || given === null ? '' : printValue(fromPlain(given));
  const type = annotations[TYPE_ANNOTATION] ?? (imageType || digText(values, 'global', 'variant'));
  return `${digText(values, 'global', 'hub')}/${name}:${retype(tag, type)}`;
};
