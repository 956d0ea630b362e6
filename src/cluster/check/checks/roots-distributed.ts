import { proxyPods } from '../../../install/mesh/proxies.ts';
import { certificateTrouble, fingerprintsOf } from '../certificate-trouble.ts';
import type { HealthCheck, Trouble } from '../check.ts';
import { textsAt } from '../workload-troubles.ts';

const NAME = 'istio-ca-root-cert';
const HINT = 'istiod writes this ConfigMap: see its log, and whether it may write there';

export const rootsDistributed: HealthCheck = {
  id: 'roots-distributed',
  category: 'certificates',
  title: 'all namespaces trust the same root, and it is valid',
  why: 'proxies of different roots refuse each other, and proxies without one do not start',
  docs: 'https://istio.io/latest/docs/concepts/security/#pki',
  needs: ['roots', 'pods'],
  run: ({ roots, pods, namespace, nowMs }) => {
    const pems = new Map(roots.map((each) => [each.namespace, textsAt(each, 'data')['root-cert.pem'] ?? '']));
    const own = pems.get(namespace);
    const of = (where: string): string => `ConfigMap ${where}/${NAME}`;
    const trouble = own === undefined ? undefined : certificateTrouble(own, nowMs);
    const needing = new Set(proxyPods(pods).map((pod) => pod.namespace));
    const others =
      own === undefined ? [] : [...pems].filter(([where, pem]) => where !== namespace && !isSame(pem, own));
    return [
      ...(trouble === undefined
        ? []
        : [
            {
              severity: trouble.severity,
              origin: of(namespace),
              message: `the mesh's root ${trouble.words}`,
              hint: HINT,
            },
          ]),
      ...others.map(
        ([where]): Trouble => ({
          severity: 'error',
          origin: of(where),
          message: `namespace ${where} trusts another root than istiod's own namespace`,
          hint: HINT,
        }),
      ),
      ...[...needing]
        .filter((where) => !pems.has(where))
        .map(
          (where): Trouble => ({
            severity: 'error',
            origin: `Namespace ${where}`,
            message: `namespace ${where} has proxies and no ConfigMap ${NAME}`,
            hint: HINT,
          }),
        ),
    ];
  },
};

const isSame = (one: string, other: string): boolean => {
  const [left, right] = [fingerprintsOf(one), fingerprintsOf(other)];
  return left.length === right.length && left.every((each) => right.includes(each));
};
