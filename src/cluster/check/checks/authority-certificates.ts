import type { ManifestObject } from '../../../install/manifest/object.ts';
import { certificateTrouble } from '../certificate-trouble.ts';
import type { HealthCheck, Trouble } from '../check.ts';
import { textsAt } from '../workload-troubles.ts';

/** Where istiod keeps the authority it made, and where it takes a given one from. */
const SECRETS = ['istio-ca-secret', 'cacerts'];
/** The certificates in them: of the authority, and of the root above it. */
const KEYS = ['ca-cert.pem', 'root-cert.pem', 'tls.crt', 'ca.crt'];

const troublesOf = (secret: ManifestObject, nowMs: number): readonly Trouble[] =>
  Object.entries(textsAt(secret, 'data')).flatMap(([key, value]): readonly Trouble[] => {
    // An authority that istiod made has no root above it.
    if (!KEYS.includes(key) || value === '') return [];
    const trouble = certificateTrouble(Buffer.from(value, 'base64').toString('utf8'), nowMs);
    if (trouble === undefined) return [];
    return [
      {
        severity: trouble.severity,
        origin: `Secret ${secret.namespace}/${secret.name}`,
        message: `${key} of Secret ${secret.name} in namespace ${secret.namespace} ${trouble.words}`,
        hint: 'renew the authority before it ends: workloads must trust the new root first',
      },
    ];
  });

export const authorityCertificates: HealthCheck = {
  id: 'authority-certificates',
  category: 'certificates',
  title: "istiod's authority is valid for some time",
  why: 'no workload can get a certificate any more, and mutual TLS ends',
  docs: 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/',
  needs: ['authorities'],
  run: ({ authorities, nowMs }) =>
    authorities.filter(({ name }) => SECRETS.includes(name)).flatMap((secret) => troublesOf(secret, nowMs)),
};
