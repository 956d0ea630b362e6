import type { Resource } from '../../model/resource.ts';
import type { Gateway } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import { type AnalysisInput, finding, type Place } from '../check.ts';
import type { Finding } from '../finding.ts';
import { indexPods, indexServicesOfPods, selectorText } from './pods.ts';

type Labels = Readonly<Record<string, string>>;

/** What stands behind the selector of a Gateway. */
interface GatewayPods {
  /** Namespaces of the pods, in input order; nothing is selected if there are none. */
  readonly namespaces: readonly string[];
  /** Ports and numeric target ports over TCP of the Services in front of the pods. */
  readonly ports: ReadonlySet<number>;
}

/** The ingress gateway of an installation that is seldom among the files, as Istio's own analysis supposes it. */
const INGRESS = { labels: { istio: 'ingressgateway' }, namespace: 'istio-system', ports: [80, 443, 15443, 31400] };

/** Finds the pods of Gateways; each selector is looked up once. */
export const indexGatewayPods = ({ mesh, pods }: AnalysisInput): ((selector: Labels) => GatewayPods) => {
  const index = indexPods(pods);
  const servicesOf = indexServicesOfPods(mesh);
  const known = new Map<string, GatewayPods>();
  const look = (selector: Labels): GatewayPods => {
    const selected = index.select(selector);
    const namespaces = new Set(selected.map(({ namespace }) => namespace));
    const ports = new Set<number>();
    for (const service of new Set(selected.flatMap(servicesOf))) {
      for (const { protocol = 'TCP', port, targetPort } of service.object.spec?.ports ?? []) {
        if (protocol !== 'TCP') continue;
        ports.add(port);
        // A name is no number: what it means stands in the pod.
        if (Number.isInteger(Number(targetPort))) ports.add(Number(targetPort));
      }
    }
    if (matchesLabels(selector, INGRESS.labels)) {
      for (const port of INGRESS.ports) ports.add(port);
      if (namespaces.size === 0) namespaces.add(INGRESS.namespace);
    }
    return { namespaces: [...namespaces], ports };
  };
  return (selector) => {
    const text = selectorText(selector);
    const found = known.get(text) ?? look(selector);
    known.set(text, found);
    return found;
  };
};

/** Where Istio shows the selector of a Gateway: at its first label by name. */
export const selectorPlace = (selector: Labels): Place => {
  const [first] = Object.keys(selector).sort();
  return first === undefined ? {} : { in: selector, key: first };
};

/** What to say of a Gateway without pods; the same from every check, so that it is shown once. */
export const selectsNothing = (gateway: Resource<Gateway>, selector: Labels): Finding =>
  finding(
    'IST0101',
    gateway,
    { kind: 'selector', name: selectorText(selector) },
    {
      ...selectorPlace(selector),
      effect: 'no proxy takes this configuration, its ports stay closed',
      hint: 'select labels that the pods of a gateway have',
    },
  );
