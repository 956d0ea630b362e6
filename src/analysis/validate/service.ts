import type { Resource } from '../../model/resource.ts';
import type { Service } from '../../model/schema/generated/types-kubernetes.ts';
import type { Review } from './review.ts';
import { protocolFamily } from './text-rules.ts';

/** The API server's own rule, which no schema has: a Service that stands for pods has ports. */
export const reviewServicePorts = ({ object }: Resource<Service>, review: Review): void => {
  const { clusterIP, ports = [], type } = object.spec ?? {};
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None') {
    review.refuse('a Service needs at least one port', [object, 'spec', 'key']);
  }
};

/** How Istio tells a port's protocol, which `istioctl validate` insists on: by appProtocol, else by the name's first word. */
export const reviewPortNames = ({ object, namespace }: Resource<Service>, review: Review): void => {
  if (namespace === 'istio-system') return;
  for (const port of object.spec?.ports ?? []) {
    const { appProtocol, name } = port;
    if (port.protocol?.toUpperCase() === 'UDP') continue;
    if (appProtocol !== undefined) {
      if (protocolFamily(appProtocol) !== undefined) continue;
      review.refuse(`appProtocol "${appProtocol}" tells Istio no protocol`, [port, 'appProtocol']);
    } else if (name === undefined) {
      review.refuse(
        'a port without a name tells Istio no protocol',
        [port],
        'name it PROTOCOL or PROTOCOL-SUFFIX, such as http-web',
      );
    } else if (protocolFamily(name.split('-', 1)[0] ?? '') === undefined) {
      const hint = 'name it PROTOCOL or PROTOCOL-SUFFIX, such as http-web';
      review.refuse(`port name "${name}" tells Istio no protocol`, [port, 'name'], hint);
    }
  }
};
