import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { meshState } from '../../cluster/install/mesh-state.ts';
import { survey } from '../../cluster/install/survey.ts';
import { OFFLINE } from '../../install/chart/capabilities.ts';
import { type ManifestObject, manifestObject } from '../../install/manifest/object.ts';
import { skewWarnings } from '../../install/mesh/skew.ts';
import { detectedSettings, suspectedPlatform } from '../../install/operator/detected.ts';
import type { Installation } from '../../install/operator/generate.ts';
import { type Ownership, ownershipOf } from '../../install/owner/ownership.ts';
import type { Plan } from '../../install/plan/plan.ts';
import { type WantedComponent, wantedObjects } from '../../install/plan/wanted.ts';
import { read } from '../../install/values/path.ts';
import type { Context } from '../command.ts';
import { type InstallRequest, refuse, renderFor } from './render.ts';
import { webhookConflicts } from './webhook-conflicts.ts';

/** An installation that is ready to be carried out. */
export interface Prepared {
  readonly plan: Plan;
  readonly ownership: Ownership;
  readonly profile: string;
  /** Tag of the images. */
  readonly version: string;
  /** The revisions that the cluster has already. */
  readonly revisions: readonly string[];
  readonly context: string;
  readonly server: string;
}

const REVISION = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const checkRevision = (revision: string | undefined): void => {
  if (revision === undefined || REVISION.test(revision)) return;
  throw new Fault(`invalid revision specified: ${revision}`, {
    kind: 'usage',
    code: 'BAD_REVISION',
    hint: 'a revision has lower-case letters, digits and dashes only, such as 1-31-1 or canary',
  });
};

const textAt = (operator: Installation['operator'], path: string): string => {
  const value = read(operator, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

/** Renders what is asked for, for this cluster, and compares it with what the cluster has; changes nothing. */
export const prepareInstallation = async (
  cluster: Cluster,
  request: InstallRequest,
  context: Context,
): Promise<Prepared> => {
  checkRevision(request.revision);
  const { gitVersion } = await cluster.version();
  const target = { kubeVersion: gitVersion, detected: detectedSettings(gitVersion) };
  const { installation, charts } = await renderFor(target, request, context);
  const { operator } = installation;
  const ownership = ownershipOf(operator);
  const state = await meshState(cluster);
  const wanted = wantedObjects(installation, ownership, state.injectors, charts);
  refuse(wanted.problems, [], context);
  const revisions = state.istiods.map(({ revision }) => revision);
  const conflicts = await conflictWarnings(wanted.components, state.injectors, request.force);
  const namespace = await missingNamespace(cluster, ownership.namespace || 'istio-system', operator);
  const { components, warnings } = await survey(cluster, [...namespace, ...wanted.components], ownership, revisions);
  const version = textAt(operator, 'spec.values.global.tag');
  return {
    plan: {
      components,
      warnings: [
        ...skewWarnings({
          kubernetes: gitVersion,
          oldestKubernetes: OFFLINE.kubeVersion,
          revision: ownership.revision,
          version,
          istiods: state.istiods,
          proxies: state.proxies,
        }),
        ...wanted.warnings,
        ...(await platformWarnings(cluster, gitVersion, operator)),
        ...conflicts,
        ...warnings,
        ...state.unseen,
      ],
    },
    ownership,
    profile: textAt(operator, 'spec.profile') || 'default',
    version,
    revisions,
    context: cluster.context,
    server: cluster.server,
  };
};

const conflictWarnings = async (
  components: readonly WantedComponent[],
  injectors: readonly ManifestObject[],
  isForced: boolean,
): Promise<readonly string[]> => {
  const objects = components.flatMap((component) => component.objects);
  const conflicts = await webhookConflicts(objects, injectors);
  const [first] = conflicts;
  if (first === undefined || isForced)
    return conflicts.map(({ code, origin, message }) => `${code} ${origin}: ${message}`);
  throw new Fault(`${first.origin}: ${first.message} (${first.code})`, {
    kind: 'failure',
    code: 'WEBHOOK_CONFLICT',
    hint: 'remove the other webhook, install with another --revision, or go on in spite of it with --force',
  });
};

/** The namespace of the control plane as a component before all others, where the cluster does not have it. */
const missingNamespace = async (
  cluster: Cluster,
  name: string,
  operator: Installation['operator'],
): Promise<readonly WantedComponent[]> => {
  const live = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name });
  if (live?.metadata.deletionTimestamp !== undefined)
    throw new Fault(`namespace "${name}" is being deleted`, {
      kind: 'failure',
      code: 'NAMESPACE_TERMINATING',
      hint: `wait until it is gone (kubectl get namespace ${name}) and run again`,
    });
  if (live !== undefined) return [];
  const network = textAt(operator, 'spec.values.global.network');
  const labels = network === '' ? {} : { labels: { 'topology.istio.io/network': network } };
  const namespace = manifestObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...labels } });
  return [{ name: 'namespace', objects: [namespace] }];
};

const platformWarnings = async (
  cluster: Cluster,
  gitVersion: string,
  operator: Installation['operator'],
): Promise<readonly string[]> => {
  const hasAgent = read(operator, 'spec.components.cni.enabled') === true;
  if (!hasAgent || textAt(operator, 'spec.values.global.platform') !== '') return [];
  const platform = suspectedPlatform(gitVersion, await cluster.apiVersions());
  if (platform === undefined) return [];
  return [`this cluster looks like ${platform}: its CNI agent may need --set values.global.platform=${platform}`];
};
