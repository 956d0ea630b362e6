import { proxyConfigProblems } from '../model/proxy-config-rules.ts';
import { printGoJson } from '../model/typed/go-json.ts';
import { defaultProxyConfig, mergeProxyConfig } from '../model/typed/proxy-config.ts';
import { isObject } from '../model/value.ts';
import { loadYaml } from '../yaml/load.ts';
import type { Plain } from '../yaml/plain.ts';
import { refusedAnnotations } from './annotation-values.ts';
import { clusterEnv, labelNetwork, setClusterEnv } from './cluster-env.ts';
import { orderContainers } from './container-order.ts';
import { containersOf, initContainersOf } from './containers.ts';
import type { Owner } from './deploy-meta.ts';
import { dig, digText, imageOf } from './image.ts';
import { adjustInitUser } from './init-user.ts';
import type { Installation } from './installation.ts';
import { describeMisfit, type InjectablePod, withAnnotations } from './pod.ts';
import { keptOverrides, reinsertOverrides, STATUS, stripInjection } from './previous-injection.ts';
import { takeOverProbes } from './probes.ts';
import { announceSecurePort, mergePrometheus } from './prometheus.ts';
import { proxyIds } from './proxy-ids.ts';
import { Refusal } from './refusal.ts';
import { renderTemplates } from './render-templates.ts';
import { templateData } from './template-data.ts';
import { reapplyUserContainers } from './user-containers.ts';

/** A pod to be injected, and what is known of its surroundings. */
export interface Candidate {
  readonly pod: InjectablePod;
  readonly owner: Owner;
  /** Of the Namespace object, where it is at hand. */
  readonly namespaceAnnotations: Readonly<Record<string, string>>;
}

/**
 * What the webhook makes of a pod once it has decided to inject it. Throws a Refusal for annotations, templates and
 * ports that keep it from doing so.
 */
export const injectPod = (installation: Installation, candidate: Candidate): InjectablePod => {
  const { structs, mesh: proto } = installation.descriptors;
  const { pod, owner } = candidate;
  const annotations = pod.metadata.annotations ?? {};
  const mesh = meshOfPod(installation, annotations);
  checkAnnotations(annotations);
  const statusPort = Number(dig(mesh, 'defaultConfig', 'statusPort') ?? 0);
  const stripped = reinsertOverrides(stripInjection(pod, String(statusPort)), keptOverrides(structs, pod));
  const { values } = installation;
  const imageType = digText(mesh, 'defaultConfig', 'image', 'imageType');
  const data = templateData(structs, proto, {
    owner,
    pod: stripped,
    mesh,
    values: installation.plainValues,
    revision: installation.revision,
    image: imageOf(values, 'proxy', imageType, stripped.metadata.annotations ?? {}),
    initImage: imageOf(values, 'proxy_init', '', stripped.metadata.annotations ?? {}),
    nativeSidecars: installation.nativeSidecars,
    ids: proxyIds(candidate.namespaceAnnotations),
    compliancePolicy: installation.compliancePolicy,
  });
  const { merged, template } = renderTemplates(installation, pod, data);
  const reapplied = reapplyUserContainers(installation, merged, pod, template);
  const adjusted = adjustInitUser(reapplied, pod, mesh['defaultConfig']);
  return finish(installation, adjusted, { original: pod, template, mesh, statusPort });
};

interface Finishing {
  readonly original: InjectablePod;
  readonly template: InjectablePod;
  readonly mesh: Plain;
  readonly statusPort: number;
}

/** What no template can do: environment, metrics, probes, status and order. */
const finish = (
  { values, revision, injectedAnnotations, pathEnv }: Installation,
  pod: InjectablePod,
  { original, template, mesh, statusPort }: Finishing,
): InjectablePod => {
  const env = clusterEnv(values, original, pathEnv);
  const rewrites = dig(values, 'sidecarInjectorWebhook', 'rewriteAppHTTPProbe') === true;
  const holds =
    dig(mesh, 'defaultConfig', 'holdApplicationUntilProxyStarts') === true ||
    dig(values, 'global', 'proxy', 'holdApplicationUntilProxyStarts') === true;
  let done = setClusterEnv(pod, env);
  done = announceSecurePort(mergePrometheus(done, mesh, statusPort));
  done = labelNetwork(takeOverProbes(done, statusPort, rewrites), env);
  const status = statusText(template, revision);
  done = withAnnotations(done, { ...done.metadata.annotations, [STATUS]: status, ...injectedAnnotations });
  return orderContainers(done, holds);
};

/** Value of annotation `sidecar.istio.io/status`: the names of what the templates brought. */
const statusText = ({ spec, ...template }: InjectablePod, revision: string): string => {
  const names = (items: readonly { readonly name?: string }[] | undefined): readonly string[] | null =>
    items === undefined || items.length === 0 ? null : items.map(({ name }) => name ?? '');
  return printGoJson({
    initContainers: names(initContainersOf({ ...template, spec })),
    containers: names(containersOf({ ...template, spec })),
    volumes: names(spec.volumes),
    imagePullSecrets: names(spec.imagePullSecrets),
    revision: revision === '' ? 'default' : revision,
  });
};

const checkAnnotations = (annotations: Readonly<Record<string, string>>): void => {
  const refused = refusedAnnotations(annotations);
  if (refused.length === 0) return;
  throw new Refusal(
    refused
      .map(({ name, message }) => `annotation ${name} ${message}, not ${JSON.stringify(annotations[name])}`)
      .join('; '),
  );
};

const CONFIG = 'proxy.istio.io/config';

/** The mesh configuration with the pod's own proxy configuration merged into it. */
const meshOfPod = ({ meshConfig, descriptors }: Installation, annotations: Readonly<Record<string, string>>): Plain => {
  const text = annotations[CONFIG];
  if (text === undefined) return meshConfig;
  const { documents, problems } = loadYaml({ name: CONFIG, text });
  if (problems[0] !== undefined) throw new Refusal(`annotation ${CONFIG}: ${problems[0].message}`);
  const value = documents[0]?.value ?? {};
  if (!isObject(value)) throw new Refusal(`annotation ${CONFIG} must be a mapping`);
  const base = meshConfig['defaultConfig'];
  const merged = mergeProxyConfig(descriptors.mesh, isObject(base) ? base : {}, value);
  if (merged.misfits[0] !== undefined) throw new Refusal(`annotation ${CONFIG}: ${describeMisfit(merged.misfits[0])}`);
  const [problem] = proxyConfigProblems(
    mergeProxyConfig(descriptors.mesh, defaultProxyConfig(descriptors.mesh), value).value,
  );
  if (problem !== undefined) throw new Refusal(`annotation ${CONFIG}: ${problem.message}`);
  return { ...meshConfig, defaultConfig: merged.value };
};
