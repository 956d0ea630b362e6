import type { GoStructs, MeshProto, ProtoSet } from './descriptor.ts';

/** The Go structs of the Kubernetes kinds that have pods, read when first asked for. */
export const loadGoStructs = async (): Promise<GoStructs> =>
  read<GoStructs>('structs', () => import('./generated/go-structs.ts'));

/** MeshConfig, ProxyConfig and MeshNetworks, read when first asked for. */
export const loadMeshProto = async (): Promise<MeshProto> =>
  read<MeshProto>('mesh', () => import('./generated/mesh-proto.ts'));

/** The message that Helm values of Istio's charts are checked against, read when first asked for. */
export const loadValuesProto = async (): Promise<ProtoSet> =>
  read<ProtoSet>('values', () => import('./generated/values-proto.ts'));

const loaded = new Map<string, unknown>();

const read = async <T>(name: string, load: () => Promise<{ readonly json: string }>): Promise<T> => {
  const known = loaded.get(name);
  if (known !== undefined) return known as T;
  const value = JSON.parse((await load()).json) as T;
  loaded.set(name, value);
  return value;
};
