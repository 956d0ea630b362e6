import { readMap } from '../../../install/values/path.ts';
import { certificateTrouble, fingerprintsOf } from '../certificate-trouble.ts';
import type { HealthCheck, Trouble } from '../check.ts';
import type { Snapshot } from '../snapshot.ts';
import { activeInjectors, bundleOf, isIstios, webhooksOf } from '../webhook-calls.ts';

const HINT = 'istiod writes its root there when it runs: restart it (kubectl rollout restart) and see its log';

/** The root that istiod gives to the namespaces, as its own has it; the empty text where there is none. */
const rootOf = ({ roots, namespace }: Snapshot): string => {
  const own = roots.find((each) => each.namespace === namespace);
  const pem = own && readMap(own.value, 'data')?.['root-cert.pem'];
  return typeof pem === 'string' ? pem : '';
};

/** What is wrong with the certificates a webhook is to trust, as the end of a sentence. */
const troubleOf = (
  bundle: string,
  roots: readonly string[],
  nowMs: number,
): { readonly severity: Trouble['severity']; readonly words: string } | undefined => {
  if (bundle === '') return { severity: 'error', words: 'is empty' };
  const trouble = certificateTrouble(bundle, nowMs);
  if (trouble !== undefined) return trouble;
  const isKnown = roots.length === 0 || fingerprintsOf(bundle).some((each) => roots.includes(each));
  return isKnown ? undefined : { severity: 'error', words: "is not istiod's root" };
};

export const webhookCertificates: HealthCheck = {
  id: 'webhook-certificates',
  category: 'webhooks',
  title: "webhooks trust istiod's root, and it is valid",
  why: 'the API server refuses to call istiod: pods and configuration cannot be created',
  docs: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['injectors', 'validators', 'roots'],
  run: (snapshot) => {
    const roots = fingerprintsOf(rootOf(snapshot));
    return [...activeInjectors(snapshot.injectors), ...snapshot.validators.filter(isIstios)].flatMap(
      (configuration) => {
        const { kind, name } = configuration;
        const bundles = new Set(webhooksOf(configuration).map(bundleOf));
        return [...bundles].flatMap((bundle): readonly Trouble[] => {
          const trouble = troubleOf(bundle, roots, snapshot.nowMs);
          if (trouble === undefined) return [];
          const message = `the caBundle of ${name} ${trouble.words}`;
          return [{ severity: trouble.severity, origin: `${kind} ${name}`, message, hint: HINT }];
        });
      },
    );
  },
};
