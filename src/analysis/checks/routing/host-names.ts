import type { Mesh } from '../../../model/mesh.ts';
import { serviceFqdn } from '../../../model/names.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Gateway, VirtualService } from '../../../model/schema/generated/types-istio.ts';
import { servedHosts } from '../../../traffic/compile/gateways.ts';
import type { VirtualServicePlan } from '../../../traffic/compile/virtual-services.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { type HostIndex, indexHosts } from '../../lookup/hosts.ts';
import { virtualServicePlans } from '../../lookup/virtual-service-plans.ts';

/** The Gateways a VirtualService names; undefined where one of them is not among the files, or of another kind. */
const gatewaysOf = ({ gateways }: VirtualServicePlan, mesh: Mesh): readonly Resource<Gateway>[] | undefined => {
  const found = gateways.map((reference) => {
    const [namespace = '', name = ''] = reference.split('/', 2);
    return mesh.find('Gateway', namespace, name);
  });
  const known = found.filter((gateway) => gateway !== undefined);
  return known.length === found.length ? known : undefined;
};

const isServed = (host: string, plan: VirtualServicePlan, gateways: readonly Resource<Gateway>[]): boolean =>
  gateways.some(({ namespace, object }) =>
    (object.spec?.servers ?? []).some(
      (server) => servedHosts(server, namespace, { ...plan, hosts: [host] }).length > 0,
    ),
  );

/** Hosts that mean nothing at the gateways of a VirtualService that is for gateways alone. */
function* checkAtGateways(plan: VirtualServicePlan, resource: Resource<VirtualService>, mesh: Mesh): Iterable<Finding> {
  const gateways = plan.gateways.includes('mesh') ? undefined : gatewaysOf(plan, mesh);
  if (gateways === undefined) return;
  const { hosts = [] } = resource.object.spec ?? {};
  const served = plan.hosts.map((host) => isServed(host, plan, gateways));
  for (const [index, host] of hosts.entries()) {
    const full = plan.hosts[index] ?? host;
    if (full !== host.toLowerCase()) {
      yield finding(
        'HED0015',
        resource,
        { host, full },
        {
          in: hosts,
          key: index,
          effect: `these rules are not for \`Host: ${host}\`, which without others gets 404`,
          hint: 'write the name by which clients call the gateway',
        },
      );
      continue;
    }
    // Where no host is served at all Istio's own analysis says so.
    if (served[index] === true || !served.includes(true)) continue;
    yield finding(
      'HED0016',
      resource,
      { host, gateways: plan.gateways.join(', ') },
      {
        in: hosts,
        key: index,
        labels: gateways.slice(0, 1).flatMap(({ object }) => {
          const span = spanOf(object.spec ?? {}, 'servers');
          return span === undefined ? [] : [{ span, text: 'none of these servers has the host' }];
        }),
        effect: `requests for ${host} do not meet these rules`,
        hint: 'add the host to a server of the Gateway, or remove it here',
      },
    );
  }
}

const SHORTENED = /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc)?$/;

/** Hosts like `reviews.other`, which Kubernetes completes and Istio does not. */
function* checkShortened(
  plan: VirtualServicePlan,
  resource: Resource<VirtualService>,
  hosts: HostIndex,
): Iterable<Finding> {
  if (!plan.gateways.includes('mesh')) return;
  const { hosts: written = [] } = resource.object.spec ?? {};
  for (const [index, host] of written.entries()) {
    const [, name = '', namespace = ''] = SHORTENED.exec(host) ?? [];
    const full = serviceFqdn(name, namespace);
    if (name === '' || plan.hosts.includes(full) || hosts.find(host, plan.namespace, undefined) !== undefined) continue;
    const service = hosts.find(full, plan.namespace, undefined)?.services[0];
    if (service === undefined) continue;
    yield finding(
      'HED0017',
      resource,
      { host, full },
      {
        in: written,
        key: index,
        labels: [{ span: service.span, text: 'the Service' }],
        effect: `requests for ${full} pass these rules by`,
        hint: `write "${full}": Istio completes only names without dots`,
      },
    );
  }
}

/** What Istio makes of hosts of VirtualServices that are not written in full. */
export const hostNames = defineCheck({
  name: 'heddle.HostNames',
  summary:
    'Hosts of VirtualServices that mean another name than they seem to, or that no server of their gateways has.',
  emits: ['HED0015', 'HED0016', 'HED0017'],
  *run({ mesh }) {
    const hosts = indexHosts(mesh);
    for (const plan of virtualServicePlans(mesh)) {
      const resource = mesh.find('VirtualService', plan.namespace, plan.name);
      if (resource === undefined) continue;
      yield* checkAtGateways(plan, resource, mesh);
      yield* checkShortened(plan, resource, hosts);
    }
  },
});
