import type { KindName } from '../../../model/kinds.ts';
import type { Resource } from '../../../model/resource.ts';
import { spanOf } from '../../../yaml/located.ts';
import type { Check, Place } from '../../check.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { reviewResource } from '../../validate/kinds.ts';
import type { Remark } from '../../validate/review.ts';

/**
 * Istio reports what the webhook says at the first line of the document, and the same sentence once; the places are
 * labels.
 */
const placeOf = (resource: Resource, remarks: readonly Remark[]): Place => {
  const [first] = remarks;
  const spans = remarks.flatMap((remark) => spanOf(...remark.at) ?? []);
  return {
    span: resource.span,
    labels: spans.map((span) => ({ span, text: 'here' })),
    ...(first?.kind === 'refusal' && { effect: 'the webhook refuses the object: a cluster keeps what it had before' }),
    ...(first?.hint !== undefined && { hint: first.hint }),
    ...(first?.fix !== undefined && { fix: { ...first.fix, edits: remarks.flatMap(({ fix }) => fix?.edits ?? []) } }),
  };
};

const findingOf = (resource: Resource, { kind, message, values }: Remark, place: Place): Finding => {
  const { rule = '', reason = '', match = '', earlier = '' } = values;
  switch (kind) {
    case 'refusal':
      return finding('IST0106', resource, { problem: message }, place);
    case 'warning':
      return finding('IST0133', resource, { problem: message }, place);
    case 'unreachable':
      return finding('IST0130', resource, { rule, reason }, place);
    case 'ineffective':
      return finding('IST0131', resource, { match, rule, earlier }, place);
  }
};

const findingsOf = (resource: Resource, remarks: readonly Remark[]): readonly Finding[] => {
  const byMessage = new Map<string, Remark[]>();
  for (const remark of remarks) {
    const same = byMessage.get(remark.message);
    if (same === undefined) byMessage.set(remark.message, [remark]);
    else same.push(remark);
  }
  return [...byMessage.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [findingOf(resource, first, placeOf(resource, same))];
  });
};

/** Istio's analyzers hand the webhook's rules an object without labels and annotations, so that those are not judged. */
const bare = (resource: Resource): Resource => ({ ...resource, labels: {}, annotations: {} });

/** Istio's `schema.ValidationAnalyzer.KIND`: one check a kind, each with all that the webhook says to its objects. */
const validationOf = (kind: KindName, emits: Check['emits'] = ['IST0106', 'IST0133']): Check =>
  defineCheck({
    name: `schema.ValidationAnalyzer.${kind}`,
    summary: `What Istio's admission webhook says to a ${kind}.`,
    emits,
    *run({ mesh }) {
      for (const resource of mesh.of(kind)) yield* findingsOf(resource, reviewResource(bare(resource)));
    },
  });

export const validationAuthorizationPolicy = validationOf('AuthorizationPolicy');
export const validationDestinationRule = validationOf('DestinationRule');
export const validationEnvoyFilter = validationOf('EnvoyFilter');
export const validationGateway = validationOf('Gateway');
export const validationPeerAuthentication = validationOf('PeerAuthentication');
export const validationProxyConfig = validationOf('ProxyConfig');
export const validationRequestAuthentication = validationOf('RequestAuthentication');
export const validationServiceEntry = validationOf('ServiceEntry');
export const validationSidecar = validationOf('Sidecar');
export const validationTelemetry = validationOf('Telemetry');
export const validationTrafficExtension = validationOf('TrafficExtension');
export const validationVirtualService = validationOf('VirtualService', ['IST0106', 'IST0130', 'IST0131', 'IST0133']);
export const validationWasmPlugin = validationOf('WasmPlugin');
export const validationWorkloadEntry = validationOf('WorkloadEntry');
export const validationWorkloadGroup = validationOf('WorkloadGroup');
