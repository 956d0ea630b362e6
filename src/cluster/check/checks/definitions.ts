import { toKubernetes } from '../../install/objects.ts';
import { readinessOf } from '../../install/readiness.ts';
import type { HealthCheck, Trouble } from '../check.ts';

/** The kinds of Istio, as its chart `base` defines them. */
export const ISTIO_DEFINITIONS: readonly string[] = [
  ...['trafficextensions', 'wasmplugins'].map((name) => `${name}.extensions.istio.io`),
  ...[
    'destinationrules',
    'envoyfilters',
    'gateways',
    'proxyconfigs',
    'serviceentries',
    'sidecars',
    'virtualservices',
    'workloadentries',
    'workloadgroups',
  ].map((name) => `${name}.networking.istio.io`),
  ...['authorizationpolicies', 'peerauthentications', 'requestauthentications'].map(
    (name) => `${name}.security.istio.io`,
  ),
  'telemetries.telemetry.istio.io',
];

const HINT = 'run heddle install again: it brings the definitions of its release';

export const definitions: HealthCheck = {
  id: 'definitions',
  category: 'definitions',
  title: 'every kind of Istio is defined and served',
  why: 'objects of a kind that is not served cannot be made, and istiod waits for some of them',
  docs: 'https://istio.io/latest/docs/reference/config/',
  needs: ['definitions'],
  run: (snapshot) => {
    const known = new Set(snapshot.definitions.map(({ name }) => name));
    if (!ISTIO_DEFINITIONS.some((name) => known.has(name)))
      return [{ severity: 'error', message: 'no kind of Istio is defined', hint: 'install Istio: heddle install' }];
    return ISTIO_DEFINITIONS.flatMap((name): readonly Trouble[] => {
      const origin = `CustomResourceDefinition ${name}`;
      const found = snapshot.definitions.find((each) => each.name === name);
      // What older releases do not have is no reason to call them broken.
      const severity = name.endsWith('.extensions.istio.io') ? 'warning' : 'error';
      if (found === undefined) return [{ severity, origin, message: `${name} is not defined`, hint: HINT }];
      const readiness = readinessOf(toKubernetes(found));
      return readiness === 'ready'
        ? []
        : [{ severity: 'error', origin, message: `${name} is not served: ${readiness.reason}`, hint: HINT }];
    });
  },
};
