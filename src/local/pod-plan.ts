import type { Mesh } from '../model/mesh.ts';
import type { Pod } from '../model/pod.ts';
import { matchesLabels } from '../model/selector.ts';
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

const servicePortsOf = (pod: Pod, mesh: Mesh): readonly number[] =>
  mesh
    .of('Service')
    .filter(({ namespace, object }) => {
      const selector = object.spec?.selector ?? {};
      const isEmpty = Object.keys(selector).length === 0;
      return namespace === pod.namespace && !isEmpty && matchesLabels(selector, pod.labels);
    })
    .flatMap(({ object }) => object.spec?.ports ?? [])
    .filter(({ protocol }) => protocol === undefined || protocol === 'TCP')
    // A target port by name is one of the containers' own.
    .flatMap(({ port, targetPort = port }) => (typeof targetPort === 'number' ? [targetPort] : []));

/** Gives every pod of a configuration its place. */
export const planPods = ({ mesh, pods }: LoadedConfiguration, book: AddressBook): readonly PodPlan[] =>
  pods.map((pod) => {
    const key = podKey(pod);
    const { proxyMode, serviceAccount, containers, annotations, labels } = pod;
    const servicePorts = servicePortsOf(pod, mesh);
    const shape = [proxyMode, serviceAccount, containers, annotations, labels, servicePorts];
    const identity = `${key} ${JSON.stringify(shape)}`;
    return { key, identity, pod, address: book.podAddress(identity), servicePorts };
  });
