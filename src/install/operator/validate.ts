import type { Problem } from '../../base/problem.ts';
import type { GoStructs, MeshProto, ProtoSet } from '../../model/typed/descriptor.ts';
import { decodeGo, type Misfit } from '../../model/typed/go-decode.ts';
import { MESH_CONFIG } from '../../model/typed/mesh-config.ts';
import { decodeMessage } from '../../model/typed/proto-decode.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import { read } from '../values/path.ts';
import type { Inputs } from './inputs.ts';
import { type OperatorPath, originOf } from './origin.ts';
import { checkRules } from './rules.ts';
import { ISTIO_OPERATOR, operatorStructs } from './structs.ts';
import { unknownFields } from './unknown-fields.ts';

/** What installations are checked against. */
export interface Descriptors {
  readonly structs: GoStructs;
  readonly mesh: MeshProto;
  readonly values: ProtoSet;
}

/** Something against the operator, at a path of it. */
export interface Finding {
  readonly severity: Problem['severity'];
  readonly code: string;
  readonly path: OperatorPath;
  readonly message: string;
}

const VALUES = 'istio.operator.v1alpha1.Values';

/** What istioctl refuses or warns of in an IstioOperator, each where the user wrote it. */
export const validateOperator = (operator: Plain, inputs: Inputs, descriptors: Descriptors): readonly Problem[] =>
  findings(operator, descriptors).map(({ severity, code, path, message }) => ({
    severity,
    code,
    message,
    ...originOf(inputs, path),
  }));

const findings = (operator: Plain, { structs: kubernetes, mesh, values: proto }: Descriptors): readonly Finding[] => {
  const structs = operatorStructs(kubernetes);
  const values = read(operator, 'spec.values') ?? null;
  const found = [
    ...unknownFields(structs, ISTIO_OPERATOR, operator).map(asFinding([])),
    ...decodeGo(structs, ISTIO_OPERATOR, operator, 'json').misfits.map(asFinding([])),
    ...decodeMessage(proto, VALUES, values).misfits.map(asFinding(['spec', 'values'])),
    ...kubernetesFindings(structs, values),
    ...['spec.meshConfig', 'spec.values.meshConfig'].flatMap((path) =>
      decodeMessage(mesh, MESH_CONFIG, read(operator, path) ?? null, { unknown: 'allowed' }).misfits.map(
        asFinding(path.split('.')),
      ),
    ),
  ];
  // What is of the wrong type cannot be judged further.
  return found.length > 0 ? distinct(found) : checkRules(operator);
};

/** The mesh config stands in values, too, and is wrong in both. */
const distinct = (found: readonly Finding[]): readonly Finding[] =>
  [
    ...new Map(
      found.map((each) => [
        `${each.path.join('.').replace('spec.values.meshConfig', 'spec.meshConfig')}: ${each.message}`,
        each,
      ]),
    ).values(),
  ].toSorted((left, right) => left.path.length - right.path.length);

const asFinding =
  (prefix: OperatorPath) =>
  ({ path, message }: Misfit): Finding => {
    const whole = [...prefix, ...path];
    const unknown = message.startsWith('unknown field');
    const words = unknown ? message : `${whole.filter((part) => part !== 'spec').join('.')} ${message}`;
    return { severity: 'error', code: unknown ? 'UNKNOWN_FIELD' : 'BAD_VALUE', path: whole, message: words };
  };

/** Values that are passed on to Kubernetes objects, by the Go structs they must be. */
const KUBERNETES: readonly (readonly [path: string, type: string])[] = [
  ['cni.affinity', 'core/v1.Affinity'],
  ['cni.seccompProfile', 'core/v1.SeccompProfile'],
  ...['istio-egressgateway', 'istio-ingressgateway'].flatMap((gateway): [string, string][] => [
    [`gateways.${gateway}.podAntiAffinityLabelSelector`, '[]meta/v1.LabelSelector'],
    [`gateways.${gateway}.podAntiAffinityTermLabelSelector`, '[]meta/v1.LabelSelector'],
    [`gateways.${gateway}.tolerations`, '[]core/v1.Toleration'],
  ]),
  ['global.defaultTolerations', '[]core/v1.Toleration'],
  ['pilot.tolerations', '[]core/v1.Toleration'],
  ['pilot.affinity', 'core/v1.Affinity'],
  ['pilot.seccompProfile', 'core/v1.SeccompProfile'],
  ['pilot.topologySpreadConstraints', '[]core/v1.TopologySpreadConstraint'],
  ['pilot.volumeMounts', '[]core/v1.VolumeMount'],
  ['pilot.volumes', '[]core/v1.Volume'],
  ['global.proxy.seccompProfile', 'core/v1.SeccompProfile'],
  ['global.proxy.lifecycle', 'core/v1.Lifecycle'],
  ['sidecarInjectorWebhook.neverInjectSelector', '[]meta/v1.LabelSelector'],
  ['sidecarInjectorWebhook.alwaysInjectSelector', '[]meta/v1.LabelSelector'],
  ['global.waypoint.affinity', 'core/v1.Affinity'],
  ['global.waypoint.topologySpreadConstraints', '[]core/v1.TopologySpreadConstraint'],
  ['global.waypoint.nodeSelector', 'core/v1.NodeSelector'],
  ['global.waypoint.toleration', '[]core/v1.Toleration'],
];

const kubernetesFindings = (structs: GoStructs, values: unknown): readonly Finding[] =>
  KUBERNETES.flatMap(([path, type]) => {
    const given = isObject(values) ? read(values, path) : undefined;
    const struct = type.replace('[]', '');
    const items = type.startsWith('[]')
      ? Array.isArray(given)
        ? [...given.entries()]
        : []
      : [[undefined, given] as const];
    return items.flatMap(([index, value]) => {
      if (!isObject(value)) return [];
      const at = ['spec', 'values', ...path.split('.'), ...(index === undefined ? [] : [index])];
      return [...unknownFields(structs, struct, value), ...decodeGo(structs, struct, value, 'yaml').misfits].map(
        asFinding(at),
      );
    });
  });
