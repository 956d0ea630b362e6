import { suggest } from '../../../base/distance.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Service, ServicePort } from '../../../model/schema/generated/types-kubernetes.ts';
import { setText } from '../../../yaml/edit.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { isMistyped } from '../../lookup/mistyped.ts';
import { isControlPlane, isWritten } from '../../lookup/written.ts';
import { offerFix } from '../../offer-fix.ts';

const PROTOCOLS: ReadonlySet<string> = new Set([
  'grpc',
  'grpc-web',
  'http',
  'http2',
  'http_proxy',
  'https',
  'mongo',
  'mysql',
  'redis',
  'tcp',
  'tls',
  'udp',
]);

/** Kubernetes' own names, which only `appProtocol` can hold. */
const APP_PROTOCOLS: ReadonlySet<string> = new Set(['kubernetes.io/h2c', 'kubernetes.io/ws', 'kubernetes.io/wss']);

/** Server-first protocols on their usual ports, taken for TCP without being asked. */
const WELL_KNOWN_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27_017]);

const GATEWAY_CONTROLLERS: ReadonlySet<string> = new Set([
  'istio.io-gateway-controller',
  'istio.io-mesh-controller',
  'istio.io-eastwest-controller',
]);

const tellsProtocol = ({ appProtocol, name = '', port, protocol }: ServicePort): boolean => {
  if (protocol === 'UDP') return true;
  if (appProtocol !== undefined && APP_PROTOCOLS.has(appProtocol)) return true;
  const words = (appProtocol ?? name).toLowerCase();
  return words.startsWith('grpc-web') || PROTOCOLS.has(words.split('-', 1)[0] ?? '') || WELL_KNOWN_PORTS.has(port);
};

/** What to do about a port; where its first word is nearly a protocol, that is a fix. */
const adviceFor = (port: ServicePort): Pick<Place, 'hint' | 'fix'> => {
  const key = port.appProtocol === undefined ? 'name' : 'appProtocol';
  const [first = '', ...rest] = (port[key] ?? '').split('-');
  const near = suggest(first, PROTOCOLS);
  if (near === undefined) return { hint: 'set appProtocol, or begin the name with the protocol: http-web' };
  const text = [near, ...rest].join('-');
  return {
    hint: `did you mean "${near}"?`,
    ...(isMistyped(first, near) && offerFix(`write "${text}"`, 'unsafe', [setText(port, key, text)])),
  };
};

const onExternalName = (service: Resource<Service>, place: ServicePort): Finding => {
  const { port, name = '' } = place;
  return finding(
    'IST0150',
    service,
    { port: String(port), name: JSON.stringify(name) },
    {
      in: place,
      key: 'port',
      hint: 'begin the name with the protocol, such as tcp-database',
    },
  );
};

const onUnnamed = (service: Resource<Service>, place: ServicePort): Finding => {
  const { port, name = '', targetPort } = place;
  const values = { name: JSON.stringify(name), port: String(port), target: String(targetPort ?? port) };
  return finding('IST0118', service, values, {
    in: place,
    key: 'port',
    effect: 'the proxy finds out the protocol of each connection from its first bytes',
    ...adviceFor(place),
  });
};

/** Istio's `service.PortNameAnalyzer`. */
export const portName = defineCheck({
  name: 'service.PortNameAnalyzer',
  summary: 'Service ports whose name and appProtocol tell Istio no protocol.',
  emits: ['IST0118', 'IST0150'],
  *run({ mesh }) {
    for (const service of mesh.of('Service')) {
      const controller = service.labels['gateway.istio.io/managed'] ?? '';
      if (isControlPlane(service) || GATEWAY_CONTROLLERS.has(controller) || !isWritten(service)) continue;
      const { type, ports = [] } = service.object.spec ?? {};
      for (const place of ports) {
        const isExternal = type === 'ExternalName';
        if (tellsProtocol(place) && !(isExternal && place.name === 'tcp')) continue;
        yield isExternal ? onExternalName(service, place) : onUnnamed(service, place);
      }
    }
  },
});
