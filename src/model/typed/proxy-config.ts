import { createPlain, type Plain } from '../../yaml/plain.ts';
import { isObject } from '../value.ts';
import type { MeshProto } from './descriptor.ts';
import { type DecodedMessage, decodeMessage } from './proto-decode.ts';

/** Full name of the message that `defaultConfig` and annotation `proxy.istio.io/config` hold. */
export const PROXY_CONFIG = 'istio.mesh.v1alpha1.ProxyConfig';

/** What Istio assumes of a proxy without any configuration, in canonical form. */
export const defaultProxyConfig = (set: MeshProto): Plain => {
  const config = set.defaultMeshConfig['defaultConfig'];
  return isObject(config) ? config : createPlain();
};

/**
 * Lays the value of annotation `proxy.istio.io/config` over a proxy configuration in canonical form: fields take their
 * places as wholes, but metadata is united, and headers that the value leaves alone stay. Unknown fields are ignored.
 */
export const mergeProxyConfig = (set: MeshProto, config: Plain, value: unknown): DecodedMessage => {
  const { value: decoded, misfits } = decodeMessage(set, PROXY_CONFIG, value, { onto: config, unknown: 'allowed' });
  const united = Object.assign(createPlain(), decoded);
  for (const field of ['proxyMetadata', 'proxyHeaders']) {
    const [before, after] = [config[field], decoded[field]];
    if (isObject(before) && isObject(after)) united[field] = unite(field, before, after);
  }
  return { value: decodeMessage(set, PROXY_CONFIG, united).value, misfits };
};

/** The headers that survive a value that does not name them; the others go when the value names any header. */
const LASTING = new Set(['forwardedClientCert', 'requestId', 'attemptCount', 'server', 'envoyDebugHeaders']);

const unite = (field: string, before: Plain, after: Plain): Plain => {
  const kept = Object.entries(before).filter(([key]) => field === 'proxyMetadata' || LASTING.has(key));
  return Object.assign(createPlain(), Object.fromEntries(kept), after);
};

/** A proxy configuration without the fields that equal Istio's defaults: what a pod has to be told. */
export const withoutDefaults = (set: MeshProto, config: Plain): Plain => {
  const defaults = defaultProxyConfig(set);
  const result = createPlain();
  for (const [key, value] of Object.entries(config)) {
    if (!Object.hasOwn(defaults, key) || JSON.stringify(defaults[key]) !== JSON.stringify(value)) result[key] = value;
  }
  return result;
};
