import { indexSelecting } from '../model/label-index.ts';
import type { Pod } from '../model/pod.ts';
import type { AddressBook } from './address-book.ts';
import { type LoadedConfiguration, podKey } from './configuration.ts';

/** A pod that is to run. */
export interface PodPlan {
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  /**
   * The key with everything that can't change while a pod runs. As in a cluster, another template makes another pod,
   * at another address: it can start before the old one ends, and no request falls between them.
   */
  readonly identity: string;
  readonly pod: Pod;
  /** Its mesh address. */
  readonly address: string;
  /** Target ports of the Services that select it: applications often listen where no containerPort says so. */
  readonly servicePorts: readonly number[];
}

/** Gives every pod of a configuration its place. */
export const planPods = ({ mesh, pods }: LoadedConfiguration, book: AddressBook): readonly PodPlan[] => {
  const servicesFor = indexSelecting(
    mesh.of('Service').filter(({ object }) => Object.keys(object.spec?.selector ?? {}).length > 0),
    ({ namespace, object }) => ({ namespace, labels: object.spec?.selector ?? {} }),
  );
  const servicePortsOf = ({ namespace, labels }: Pod): readonly number[] =>
    servicesFor(namespace, labels)
      .flatMap(({ object }) => object.spec?.ports ?? [])
      .filter(({ protocol }) => protocol === undefined || protocol === 'TCP')
      // A target port by name is one of the containers' own.
      .flatMap(({ port, targetPort = port }) => (typeof targetPort === 'number' ? [targetPort] : []));
  return pods.map((pod) => {
    const key = podKey(pod);
    const { proxyMode, serviceAccount, containers, annotations, labels } = pod;
    const servicePorts = servicePortsOf(pod);
    const shape = [proxyMode, serviceAccount, containers, annotations, labels, servicePorts];
    const identity = `${key} ${JSON.stringify(shape)}`;
    return { key, identity, pod, address: book.podAddress(identity), servicePorts };
  });
};
