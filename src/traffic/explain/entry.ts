import { gatewayRoutes } from '../listener.ts';
import { findVirtualHost } from '../route.ts';
import type { AskedRequest, Unanswerable } from './explanation.ts';
import { gatewayPort, type MeshView } from './mesh-view.ts';

/**
 * Where a request begins that says neither `from` nor `gateway`: at `client` when the cluster knows the host, else at the
 * one gateway that answers for it.
 */
export const chooseEntry = (view: MeshView, asked: AskedRequest, client: string): AskedRequest | Unanswerable => {
  if (asked.from !== undefined || asked.gateway !== undefined) return asked;
  const [, namespace = 'default'] = /^([^/]+)\//.exec(client) ?? [];
  const [host = '', port] = asked.authority.split(':');
  const isKnown = view.names.resolve(host, namespace, () => []).length > 0;
  if (isKnown || asked.dial !== undefined) return { ...asked, from: client };
  const connected = asked.port ?? Number(port ?? (asked.isTls ? 443 : 80));
  const serving = view.world.pods.filter((placed) => {
    const served = view.tablesOf(placed)?.gateway.get(gatewayPort(view, placed, connected));
    const table = gatewayRoutes(served, asked.isTls ? host : undefined);
    const found = table === undefined ? undefined : findVirtualHost(table, asked.authority);
    return found?.routes.length !== undefined && found.origin !== undefined;
  });
  const names = [...new Set(serving.map(({ pod }) => `${pod.namespace}/${pod.workload}`))];
  if (names.length > 1) {
    const message = `several gateways answer for "${asked.authority}"`;
    return { code: 'AMBIGUOUS_GATEWAY', message, hint: `say --gateway ${names.join(' or --gateway ')}` };
  }
  const [gateway] = names;
  return gateway === undefined ? { ...asked, from: client } : { ...asked, gateway };
};
