import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { Service, ServicePort } from '../../model/schema/generated/types-kubernetes.ts';
import { targetPortOf } from '../../traffic/compile/services.ts';
import { indexServices } from './services.ts';

/** A port of a Service with the pod's port behind it. */
export interface WorkloadPort {
  readonly service: Resource<Service>;
  readonly port: ServicePort;
  readonly target: number;
}

/** Answers the ports under which Services offer a pod over TCP, the oldest Service first. Remembers what it was asked. */
export const indexWorkloadPorts = (mesh: Mesh): ((pod: Pod) => readonly WorkloadPort[]) => {
  const servicesOf = indexServices(mesh);
  const known = new Map<Pod, readonly WorkloadPort[]>();
  const look = (pod: Pod): readonly WorkloadPort[] =>
    servicesOf(pod.labels, pod.namespace).flatMap((service) =>
      (service.object.spec?.ports ?? []).flatMap((port) => {
        const target = (port.protocol ?? 'TCP') === 'TCP' ? targetPortOf(port, pod) : undefined;
        return target === undefined ? [] : [{ service, port, target }];
      }),
    );
  return (pod) => {
    const ports = known.get(pod) ?? look(pod);
    known.set(pod, ports);
    return ports;
  };
};
