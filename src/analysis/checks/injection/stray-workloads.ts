import type { Mesh } from '../../../model/mesh.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { Namespace } from '../../../model/schema/generated/types-kubernetes.ts';
import { namespaceInjection } from '../../../model/sidecar.ts';
import { insertEntry } from '../../../yaml/edit.ts';
import { copyPosition, spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { isWritten } from '../../lookup/written.ts';
import { offerFix } from '../../offer-fix.ts';

const WORKLOADS: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Pod',
  'Job',
  'CronJob',
]);

const DEFAULT = 'default';

/** A key that is not in the text answers with the place of the whole mapping. */
const namesNamespace = ({ object: { metadata } }: Resource): boolean => {
  const [key, whole] = [spanOf(metadata, 'namespace', 'key'), spanOf(metadata)];
  return key?.line !== whole?.line || key?.endColumn !== whole?.endColumn || key?.endLine !== whole?.endLine;
};

const isForMesh = (labels: Readonly<Record<string, string>>): boolean =>
  namespaceInjection(labels).injected || labels['istio.io/dataplane-mode'] === 'ambient';

/** Writes the namespace that decoding filled in as `default` into the text, where there is none. */
const writeNamespace = ({ object: { metadata } }: Resource, namespace: string) => {
  const { namespace: _filledIn, ...written } = metadata;
  copyPosition(metadata, written);
  return insertEntry(written, 'namespace', namespace);
};

/** The one namespace of the input that is for the mesh, where nothing of the input is in it. */
const emptyNamespace = (mesh: Mesh): Resource<Namespace> | undefined => {
  const [only, ...others] = mesh.of('Namespace').filter(({ labels }) => isForMesh(labels));
  if (only === undefined || others.length > 0) return undefined;
  return mesh.resources.some(({ namespace }) => namespace === only.name) ? undefined : only;
};

/** The beginner's error: a namespace made for the mesh, and workloads beside it that land in `default`. */
export const strayWorkloads = defineCheck({
  name: 'heddle.StrayWorkloads',
  summary: 'Workloads that land in default beside a Namespace that is labelled for the mesh.',
  emits: ['HED0082'],
  *run({ mesh }) {
    const namespace = emptyNamespace(mesh);
    if (namespace === undefined || isForMesh(mesh.namespaceLabels(DEFAULT))) return;
    for (const workload of mesh.resources) {
      if (!WORKLOADS.has(workload.kind) || !isWritten(workload)) continue;
      if (workload.namespace !== DEFAULT || namesNamespace(workload)) continue;
      const { metadata } = workload.object;
      const span = spanOf(namespace.object.metadata, 'name');
      yield finding(
        'HED0082',
        workload,
        { workload: resourceId(workload), namespace: namespace.name },
        {
          in: metadata,
          key: 'name',
          labels: span === undefined ? [] : [{ span, text: 'stays empty: nothing is in it' }],
          effect: 'applied without -n, its pods run in default, where nothing gives them a sidecar',
          hint: `add "namespace: ${namespace.name}" to its metadata`,
          ...offerFix(`put it into namespace ${namespace.name}`, 'unsafe', [writeNamespace(workload, namespace.name)]),
        },
      );
    }
  },
});
