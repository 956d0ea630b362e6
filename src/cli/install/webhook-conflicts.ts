import { webhookOverlaps } from '../../analysis/checks/webhook/webhook.ts';
import type { Finding } from '../../analysis/finding.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { objectKey } from '../../install/plan/left-over.ts';
import { buildMesh } from '../../model/mesh.ts';
import { loadYaml } from '../../yaml/load.ts';

/** Pods that would be injected twice (IST0139) when these webhooks stand among those the cluster has. */
export const webhookConflicts = async (
  wanted: readonly ManifestObject[],
  live: readonly ManifestObject[],
): Promise<readonly Finding[]> => {
  const ours = wanted.filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const keys = new Set(ours.map(objectKey));
  const all = [...ours, ...live.filter((object) => !keys.has(objectKey(object)))];
  const documents = all.flatMap(({ name, value }) => loadYaml({ name, text: JSON.stringify(value) }).documents);
  const { mesh } = await buildMesh(documents);
  const names = new Set(ours.map(({ name }) => name));
  return webhookOverlaps(mesh).filter(({ resource }) => resource !== undefined && names.has(resource.name));
};
