import type { Resource } from '../../../model/resource.ts';
import { renameKey, setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { indexPods } from '../../lookup/pods.ts';
import { effectOfMiss } from '../../lookup/policy-lists.ts';
import { indexWorkloadPorts, type WorkloadPort } from '../../lookup/workload-ports.ts';
import { offerFix } from '../../offer-fix.ts';

type Labels = Readonly<Record<string, string>>;

/** Answers the port of a Service that somebody wrote where a port of the pods is meant; undefined where that is not sure. */
type Misnamed = (selector: Labels, namespace: string | undefined, port: number) => WorkloadPort | undefined;

const createMisnamed = ({ mesh, pods }: AnalysisInput): Misnamed => {
  const index = indexPods(pods);
  const portsOf = indexWorkloadPorts(mesh);
  return (selector, namespace, port) => {
    const selected = index.select(selector, namespace);
    const offered = selected.flatMap(portsOf);
    const isOwn =
      offered.some(({ target }) => target === port) ||
      selected.some(({ containers }) => containers.some(({ ports }) => ports.some((own) => own.port === port)));
    const [first, ...others] = offered.filter(({ port: { port: number } }) => number === port);
    if (isOwn || first === undefined) return undefined;
    return others.every(({ target }) => target === first.target) ? first : undefined;
  };
};

const misnamedPort = (
  resource: Resource,
  written: string,
  { service, port, target }: WorkloadPort,
  place: Place,
): Finding => {
  const span = spanOf(port, 'port');
  return finding(
    'HED0066',
    resource,
    { port: written, service: `${service.namespace}/${service.name}`, target: String(target) },
    {
      labels: span === undefined ? [] : [{ span, text: `stands for port ${target} of the pods` }],
      hint: `write "${target}": policies see the port of the pod`,
      ...place,
    },
  );
};

function* findInRules({ mesh }: AnalysisInput, misnamed: Misnamed): Iterable<Finding> {
  for (const policy of mesh.of('AuthorizationPolicy')) {
    const { selector, rules = [], targetRef, targetRefs = [] } = policy.object.spec ?? {};
    if (targetRef !== undefined || targetRefs.length > 0) continue;
    // One of the root namespace is for the pods of all.
    const namespace = policy.namespace === mesh.config.rootNamespace ? undefined : policy.namespace;
    for (const { operation } of rules.flatMap(({ to = [] }) => to)) {
      for (const list of [operation?.ports ?? [], operation?.notPorts ?? []]) {
        for (const [key, written] of list.entries()) {
          const found = misnamed(selector?.matchLabels ?? {}, namespace, Number(written));
          if (found === undefined) continue;
          const target = String(found.target);
          yield misnamedPort(policy, written, found, {
            in: list,
            key,
            effect: `no request has it: ${list === operation?.ports ? effectOfMiss(policy) : 'nothing is excluded'}`,
            ...offerFix(`write "${target}"`, 'unsafe', [setText(list, key, target)]),
          });
        }
      }
    }
  }
}

function* findInMutualTls({ mesh }: AnalysisInput, misnamed: Misnamed): Iterable<Finding> {
  for (const policy of mesh.of('PeerAuthentication')) {
    const { selector, portLevelMtls = {} } = policy.object.spec ?? {};
    for (const [written, setting] of Object.entries(portLevelMtls)) {
      const found = misnamed(selector?.matchLabels ?? {}, policy.namespace, Number(written));
      if (found === undefined) continue;
      const target = String(found.target);
      yield misnamedPort(policy, written, found, {
        in: portLevelMtls,
        key: written,
        part: 'key',
        effect: `mode ${setting.mode ?? 'UNSET'} holds for no connection: the pods get none on port ${written}`,
        ...offerFix(`write "${target}"`, 'unsafe', [renameKey(portLevelMtls, written, target)]),
      });
    }
  }
}

/** Ports of Services where security policies want those of pods. */
export const servicePorts = defineCheck({
  name: 'heddle.ServicePorts',
  summary: 'AuthorizationPolicies and PeerAuthentications that name the port of a Service instead of the pod.',
  emits: ['HED0066'],
  *run(input) {
    const misnamed = createMisnamed(input);
    yield* findInRules(input, misnamed);
    yield* findInMutualTls(input, misnamed);
  },
});
