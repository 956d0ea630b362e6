import type { Severity } from '../../base/problem.ts';
import type { MeshConfig } from '../../model/mesh-config.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import { reviewMeshConfig } from './mesh-config.ts';
import { Review } from './review.ts';

/** What istiod says of a mesh configuration, at keys and indexes from its root. */
export interface MeshConfigRemark {
  readonly severity: Severity;
  /** One sentence without final period. */
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly hint?: string;
}

/** What canonical form leaves out where it is empty, though istiod has a default for it. */
const EMPTY = { connectTimeout: '0s', protocolDetectionTimeout: '0s', proxyListenPort: 0, trustDomain: '' };
const EMPTY_PROXY = { binaryPath: '', configPath: '', discoveryAddress: '', serviceCluster: '' };

/** Reviews a mesh configuration in canonical form with Istio's defaults in it, wherever it was written. */
export const reviewMeshConfigValue = (value: Plain): readonly MeshConfigRemark[] => {
  const proxy = value['defaultConfig'];
  const config = { ...EMPTY, ...value, defaultConfig: { ...EMPTY_PROXY, ...(isObject(proxy) && proxy) } };
  // Canonical form is proto JSON, which is what this type describes.
  return meshConfigRemarks(config as unknown as MeshConfig);
};

/** Reviews a mesh configuration as heddle reads it. */
export const meshConfigRemarks = (config: MeshConfig): readonly MeshConfigRemark[] => {
  const review = new Review();
  reviewMeshConfig(config, review);
  return review.remarks.map(({ kind, message, hint, at: [container, key] }) => ({
    severity: kind === 'refusal' ? 'error' : 'warning',
    message,
    path: [...(pathTo(config, container) ?? []), ...(key === undefined ? [] : [key])],
    ...(hint !== undefined && { hint }),
  }));
};

/** The way from a value to a container within it. */
const pathTo = (value: unknown, container: object): readonly (string | number)[] | undefined => {
  if (value === container) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [key, inner] of entries) {
    const rest = pathTo(inner, container);
    if (rest !== undefined) return [key, ...rest];
  }
  return undefined;
};
