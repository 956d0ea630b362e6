import { createPlain, type Plain } from '../../yaml/plain.ts';
import { isObject } from '../value.ts';
import type { MeshProto } from './descriptor.ts';
import { type DecodedMessage, decodeMessage } from './proto-decode.ts';
import { defaultProxyConfig, mergeProxyConfig } from './proxy-config.ts';

/** Full name of the message that ConfigMap `istio` and `spec.meshConfig` of an installation hold. */
export const MESH_CONFIG = 'istio.mesh.v1alpha1.MeshConfig';

/**
 * A mesh configuration over Istio's defaults, in canonical form: fields replace, but proxy configuration and providers are
 * united. Unknown fields are ignored.
 */
export const settleMeshConfig = (set: MeshProto, given: unknown): DecodedMessage => {
  const defaults = set.defaultMeshConfig;
  const { value, misfits } = decodeMessage(set, MESH_CONFIG, given, { onto: defaults, unknown: 'allowed' });
  const raw = isObject(given) ? (given['defaultConfig'] ?? given['default_config']) : undefined;
  const proxy = mergeProxyConfig(set, defaultProxyConfig(set), raw ?? {});
  const providers = unitedProviders(defaults['extensionProviders'], value['extensionProviders']);
  const united: Plain = Object.assign(createPlain(), value, { defaultConfig: proxy.value });
  if (providers.length > 0) united['extensionProviders'] = providers;
  return { value: united, misfits: [...misfits, ...proxy.misfits] };
};

const unitedProviders = (known: unknown, given: unknown): readonly unknown[] => {
  const name = (provider: unknown): unknown => (isObject(provider) ? provider['name'] : undefined);
  const byName = new Map((Array.isArray(known) ? known : []).map((provider) => [name(provider), provider]));
  for (const provider of Array.isArray(given) ? given : []) byName.set(name(provider), provider);
  return [...byName.values()];
};
