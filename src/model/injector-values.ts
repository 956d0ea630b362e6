import type { Plain } from '../yaml/plain.ts';
import { isObject } from './value.ts';

/** The Helm values an injector was installed with, JSON under key `values` of its ConfigMap; unreadable ones are none. */
const parseValues = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
};

const section = (values: unknown, name: string): Plain => {
  const found = isObject(values) ? values[name] : undefined;
  return isObject(found) ? found : {};
};

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** Whether an injector takes namespaces without labels (`sidecarInjectorWebhook.enableNamespacesByDefault`). */
export const enablesByDefault = (values: string | undefined): boolean =>
  section(parseValues(values), 'sidecarInjectorWebhook')['enableNamespacesByDefault'] === true;

/** The image an injector gives the proxy; an image with a slash is complete, others get hub and tag. */
export const proxyImage = (values: string | undefined): string => {
  const global = section(parseValues(values), 'global');
  const image = textOf(section(global, 'proxy')['image']);
  return image.includes('/') ? image : `${textOf(global['hub'])}/${image}:${textOf(global['tag'])}`;
};
