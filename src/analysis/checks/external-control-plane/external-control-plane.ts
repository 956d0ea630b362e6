import { parseCidr } from '../../../base/cidr.ts';
import type { Resource } from '../../../model/resource.ts';
import type { WebhookClientConfig } from '../../../model/schema/generated/types-kubernetes.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { hostOfUrl } from '../../lookup/url-host.ts';

/** As Istio's charts name their webhooks, with revision and namespace behind. */
const isValidator = (name: string): boolean =>
  name === 'istiod-default-validator' || name.startsWith('istio-validator');
const isInjector = (name: string): boolean => name.startsWith('istio-sidecar-injector');

const placeOf = (clientConfig: WebhookClientConfig, text: string): Place => {
  const span = spanOf(clientConfig, 'url');
  return { labels: span === undefined ? [] : [{ span, text }] };
};

function* findIn(resource: Resource, webhook: string, clientConfig: WebhookClientConfig): Iterable<Finding> {
  const { url, service } = clientConfig;
  if (url === undefined) {
    if (service !== undefined) return;
    const values = { webhook, problem: 'it has neither a service nor a URL' };
    yield finding('IST0163', resource, values, placeOf(clientConfig, 'no address'));
    return;
  }
  const host = hostOfUrl(url);
  if (host === undefined) {
    yield finding('IST0163', resource, { webhook, problem: `"${url}" is no URL` }, placeOf(clientConfig, 'no URL'));
  } else if (parseCidr(host) !== undefined && !host.includes('/')) {
    yield finding(
      'IST0164',
      resource,
      { webhook, address: host },
      {
        ...placeOf(clientConfig, 'an address'),
        hint: 'use a host name that the certificate of the control plane names',
      },
    );
  }
}

/** Istio's `externalcontrolplane.ExternalControlPlaneAnalyzer`. */
export const externalControlPlane = defineCheck({
  name: 'externalcontrolplane.ExternalControlPlaneAnalyzer',
  summary: 'Webhooks of Istio that lead to no control plane, or to one by its IP address.',
  emits: ['IST0163', 'IST0164'],
  *run({ mesh }) {
    const configurations = [
      ...mesh.of('ValidatingWebhookConfiguration').filter(({ name }) => isValidator(name)),
      ...mesh.of('MutatingWebhookConfiguration').filter(({ name }) => isInjector(name)),
    ];
    for (const resource of configurations) {
      for (const { name, clientConfig } of resource.object.webhooks ?? []) yield* findIn(resource, name, clientConfig);
    }
  },
});
