import type { Resource } from '../../../model/resource.ts';
import type { KubernetesGatewayListenerTls } from '../../../model/schema/generated/types-gateway-api.ts';
import type { Gateway, GatewayServer, GatewayServerTls } from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';
import { type GatewayPlan, planGateway } from '../gateway-check.ts';
import type { Report } from '../report.ts';
import type { Listener } from './listeners.ts';

/** A listener as the one server of a gateway, which is what Istio makes of it; none for what Istio does not serve. */
export const toGatewayPlan = (listener: Listener, report: Report): readonly GatewayPlan[] => {
  const { owner, section, services, name } = listener;
  if (section.protocol !== section.protocol.toUpperCase() || section.protocol === 'UDP') {
    const message = `Istio serves no protocol "${section.protocol}"; port ${section.port} stays closed`;
    report.warn(owner, 'UNKNOWN_PROTOCOL', message, [section, 'protocol']);
    return [];
  }
  const gateway: Resource<Gateway> = {
    ...owner,
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: owner.object.metadata,
      spec: { servers: [toServer(listener)] },
    },
  };
  return planGateway(gateway, report).map((plan) => ({ ...plan, name, pods: { services } }));
};

const toServer = ({ owner, section, hosts }: Listener): GatewayServer => {
  const { port: number, protocol, tls } = section;
  const port = { name: 'default', number, protocol };
  copyPosition(section, port);
  const server: GatewayServer = {
    port,
    hosts,
    ...(tls === undefined ? {} : { tls: toServerTls(tls, owner.namespace) }),
  };
  copyPosition(section, server);
  return server;
};

const TLS_MODES = { MUTUAL: 'MUTUAL', OPTIONAL_MUTUAL: 'OPTIONAL_MUTUAL', ISTIO_MUTUAL: 'ISTIO_MUTUAL' } as const;

const toServerTls = (written: KubernetesGatewayListenerTls, namespace: string): GatewayServerTls => {
  const { mode, options = {}, certificateRefs = [] } = written;
  const asked = options['gateway.istio.io/tls-terminate-mode'] ?? '';
  const names = certificateRefs.map(
    (reference) => `kubernetes-gateway://${reference.namespace ?? namespace}/${reference.name}`,
  );
  const [credentialName] = names;
  const suites = (options['gateway.istio.io/tls-cipher-suites'] ?? '').split(',').map((suite) => suite.trim());
  const tls: GatewayServerTls =
    mode === 'Passthrough'
      ? { mode: 'PASSTHROUGH' }
      : {
          mode: Object.hasOwn(TLS_MODES, asked) ? TLS_MODES[asked as keyof typeof TLS_MODES] : 'SIMPLE',
          ...(names.length > 1 ? { credentialNames: names } : credentialName === undefined ? {} : { credentialName }),
          ...(suites[0] === '' ? {} : { cipherSuites: suites }),
        };
  copyPosition(written, tls);
  return tls;
};
