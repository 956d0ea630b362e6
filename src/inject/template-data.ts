import type { GoStructs, MeshProto } from '../model/typed/descriptor.ts';
import { MESH_CONFIG } from '../model/typed/mesh-config.ts';
import { PROXY_CONFIG } from '../model/typed/proxy-config.ts';
import type { InjectorTypes } from '../template/functions/istio.ts';
import { ANY_MAP, BOOL, type GoType, INT64, pointerTo, STRING } from '../template/type.ts';
import { GoInt, type GoMap, GoPointer, GoSlice, GoStruct, type GoValue } from '../template/value.ts';
import type { Plain } from '../yaml/plain.ts';
import type { Owner } from './deploy-meta.ts';
import { goStruct } from './go-struct.ts';
import type { InjectablePod } from './pod.ts';
import { protoMessage } from './proto-message.ts';
import type { ProxyIds } from './proxy-ids.ts';

/** What a template of the injector gets to see of one pod. */
export interface TemplateFacts {
  readonly owner: Owner;
  readonly pod: InjectablePod;
  /** In canonical form, the pod's own configuration merged into it. */
  readonly mesh: Plain;
  /** Shared by all pods, as templates may change it. */
  readonly values: GoMap;
  /** Empty for the default revision. */
  readonly revision: string;
  readonly image: string;
  readonly initImage: string;
  readonly nativeSidecars: boolean;
  readonly ids: ProxyIds;
  readonly compliancePolicy: string;
}

const NAMESPACED_NAME: GoType = {
  kind: 'struct',
  name: 'types.NamespacedName',
  fields: [
    { name: 'Namespace', type: STRING },
    { name: 'Name', type: STRING },
  ],
};

const asStruct = (value: GoValue): GoStruct => {
  if (value instanceof GoStruct) return value;
  throw new Error('the descriptor is none of a struct');
};

/** The Go types that the injector's functions ask for: those of the data below. */
export const injectorTypes = (structs: GoStructs, proto: MeshProto): InjectorTypes => {
  const containers = asStruct(goStruct(structs, 'core/v1.PodSpec', {})).read('Containers');
  if (!(containers instanceof GoSlice)) throw new Error('Containers is no slice');
  return {
    objectMeta: asStruct(goStruct(structs, 'meta/v1.ObjectMeta', {})).type as GoType<GoStruct>,
    containers: containers.type as GoType<GoSlice>,
    meshConfig: protoMessage(proto, MESH_CONFIG, {}).type,
    duration: protoMessage(proto, 'google.protobuf.Duration', '0s').type as GoType<GoPointer>,
  };
};

/** The data of one pod, under the names that templates use. */
export const templateData = (structs: GoStructs, proto: MeshProto, facts: TemplateFacts): GoValue => {
  const { owner, pod, mesh } = facts;
  const inbound = (mesh['inboundTrafficPolicy'] as Plain | undefined)?.['mode'];
  const fields: Readonly<Record<string, GoValue>> = {
    TypeMeta: goStruct(structs, 'meta/v1.TypeMeta', { apiVersion: owner.apiVersion, kind: owner.kind }),
    DeploymentMeta: new GoStruct(NAMESPACED_NAME, (name) => (name === 'Name' ? owner.name : owner.namespace)),
    ObjectMeta: goStruct(structs, 'meta/v1.ObjectMeta', pod.metadata),
    Spec: goStruct(structs, 'core/v1.PodSpec', pod.spec),
    ProxyConfig: protoMessage(proto, PROXY_CONFIG, mesh['defaultConfig'] ?? {}),
    MeshConfig: protoMessage(proto, MESH_CONFIG, mesh),
    Values: facts.values,
    Revision: facts.revision,
    NativeSidecars: facts.nativeSidecars,
    ProxyImage: facts.image,
    ProxyInitImage: facts.initImage,
    ProxyUID: new GoInt(INT64, BigInt(facts.ids.uid)),
    ProxyGID: new GoInt(INT64, BigInt(facts.ids.gid)),
    InboundTrafficPolicyMode: inbound === 'LOCALHOST' ? 'localhost' : 'passthrough',
    CompliancePolicy: facts.compliancePolicy,
  };
  let type = dataTypes.get(structs);
  if (type === undefined) {
    type = {
      kind: 'struct',
      name: 'inject.SidecarTemplateData',
      fields: Object.entries(fields).map(([name, value]) => ({ name, type: typeOfField(value) })),
    };
    dataTypes.set(structs, type);
  }
  return new GoPointer(pointerTo(type), new GoStruct(type, (name) => fields[name] ?? null));
};

/** The fields have the same types for every pod. */
const dataTypes = new WeakMap<GoStructs, GoType>();

const typeOfField = (value: GoValue): GoType => {
  if (typeof value === 'string') return STRING;
  if (typeof value === 'boolean') return BOOL;
  return typeof value === 'object' && value !== null ? value.type : ANY_MAP;
};
