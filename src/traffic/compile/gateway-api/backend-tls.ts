import type { Mesh } from '../../../model/mesh.ts';
import { serviceFqdn } from '../../../model/names.ts';
import { configData } from '../../../model/pod-env.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  BackendTLSPolicy,
  BackendTLSPolicyTargetRef,
  XBackendTlsValidation,
} from '../../../model/schema/generated/types-gateway-api.ts';
import type { ClientTls } from '../../../model/schema/generated/types-istio.ts';
import type { Origin } from '../../tables.ts';
import { CONFIG_MAP_CREDENTIAL, INVALID_CREDENTIAL } from '../credential-names.ts';
import { originOf, type Report } from '../report.ts';
import { authorityOf } from '../tls-credentials.ts';
import { inSeniority } from './route-objects.ts';

/** TLS towards one host, as the `tls` of a DestinationRule in the policy's namespace would ask for it. */
export interface BackendTls {
  readonly host: string;
  readonly namespace: string;
  /** undefined = all ports without a setting of their own. */
  readonly port: number | undefined;
  readonly tls: ClientTls;
  readonly resource: Resource<BackendTLSPolicy>;
  readonly origin: Origin;
}

/** What a policy may be attached to: its hosts, and its ports by name. */
interface Target {
  readonly hosts: readonly string[];
  readonly ports: ReadonlyMap<string, number>;
}

const IGNORED = 'istio.io/ignore-policy-attachment';

/** The BackendTLSPolicies of a mesh: of several for the same target the senior one holds, and the others are warned of. */
export const planBackendTls = (mesh: Mesh, report: Report): readonly BackendTls[] => {
  const holders = new Map<string, Resource>();
  return inSeniority(mesh.of('BackendTLSPolicy')).flatMap((resource) => {
    const { namespace, object, annotations } = resource;
    if (annotations[IGNORED]?.toLowerCase() === 'true') return [];
    const { options, targetRefs, validation } = object.spec;
    if (options !== undefined) {
      report.unsupportedField(resource, 'options', 'Istio does not act on it either', [object.spec, 'options']);
    }
    const tls = toClientTls(mesh, resource, validation, report);
    const origin = originOf(resource, [object.spec, 'validation']);
    return targetRefs.flatMap((reference) => {
      const { group, kind, name, sectionName = '' } = reference;
      const lacks = (what: string): readonly BackendTls[] => {
        report.warn(resource, 'BACKEND_TLS_TARGET', `${what}: the policy does not hold there`, [reference]);
        return [];
      };
      const target = targetOf(mesh, namespace, reference);
      if (target === undefined) return lacks(`there is no ${kind} ${namespace}/${name} to secure`);
      const port = target.ports.get(sectionName);
      if (sectionName !== '' && port === undefined) {
        return lacks(`${kind} ${namespace}/${name} has no port named "${sectionName}"`);
      }
      const key = JSON.stringify([namespace, group, kind, name, sectionName]);
      const holder = holders.get(key);
      if (holder !== undefined && holder !== resource) {
        return lacks(`BackendTLSPolicy ${holder.name} is for the same ${kind} and comes first`);
      }
      holders.set(key, resource);
      return target.hosts.map((host): BackendTls => {
        return { host, namespace, port: sectionName === '' ? undefined : port, tls, resource, origin };
      });
    });
  });
};

const targetOf = (
  mesh: Mesh,
  namespace: string,
  { group, kind, name }: BackendTLSPolicyTargetRef,
): Target | undefined => {
  if (group === '' && kind === 'Service') {
    const service = mesh.find('Service', namespace, name)?.object;
    if (service === undefined) return undefined;
    const ports = (service.spec?.ports ?? []).map((port) => [port.name ?? '', port.port] as const);
    return { hosts: [serviceFqdn(name, namespace)], ports: new Map(ports) };
  }
  if (group === 'networking.istio.io' && kind === 'ServiceEntry') {
    const spec = mesh.find('ServiceEntry', namespace, name)?.object.spec;
    if (spec === undefined) return undefined;
    return { hosts: spec.hosts, ports: new Map((spec.ports ?? []).map((port) => [port.name, port.number] as const)) };
  }
  return undefined;
};

/** `hostname` is what the server is asked for; Istio asks of its certificate only the names of `subjectAltNames`. */
const toClientTls = (
  mesh: Mesh,
  resource: Resource<BackendTLSPolicy>,
  validation: XBackendTlsValidation,
  report: Report,
): ClientTls => {
  const names = (validation.subjectAltNames ?? []).flatMap(({ type, hostname, uri }) => {
    const name = type === 'Hostname' ? hostname : uri;
    return name === undefined ? [] : [name];
  });
  const credentialName = credentialOf(mesh, resource, validation, report);
  return {
    mode: 'SIMPLE',
    sni: validation.hostname,
    ...(names.length === 0 ? {} : { subjectAltNames: names }),
    ...(credentialName === undefined ? {} : { credentialName }),
  };
};

/** Where the authorities are; undefined = the bundle of the operating system. */
const credentialOf = (
  mesh: Mesh,
  resource: Resource<BackendTLSPolicy>,
  validation: XBackendTlsValidation,
  report: Report,
): string | undefined => {
  const { wellKnownCACertificates: wellKnown, caCertificateRefs: [first, second] = [] } = validation;
  if (wellKnown !== undefined) {
    if (wellKnown !== 'System') {
      const message = `Istio does not know wellKnownCACertificates "${wellKnown}" and trusts those of the system`;
      report.warn(resource, 'BACKEND_TLS_AUTHORITY', message, [validation, 'wellKnownCACertificates']);
    }
    return undefined;
  }
  if (first === undefined) return undefined;
  if (second !== undefined) {
    const message = 'Istio trusts only the first of caCertificateRefs';
    report.warn(resource, 'BACKEND_TLS_AUTHORITY', message, [second]);
  }
  const isConfigMap = first.group === '' && first.kind === 'ConfigMap';
  if (isConfigMap && authorityOf(configData(mesh, resource.namespace, first.name)) !== undefined) {
    return `${CONFIG_MAP_CREDENTIAL}${resource.namespace}/${first.name}`;
  }
  const what = isConfigMap
    ? `there is no ConfigMap ${resource.namespace}/${first.name} with a ca.crt`
    : `authorities come from a ConfigMap and not from a ${first.kind}`;
  const effect = 'gateways answer 503, and sidecars call the backend in plaintext';
  report.warn(resource, 'BACKEND_TLS_AUTHORITY', `${what}: ${effect}`, [first]);
  return INVALID_CREDENTIAL;
};
