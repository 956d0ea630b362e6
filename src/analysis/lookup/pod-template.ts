import type { Resource } from '../../model/resource.ts';
import type { CronJob, Deployment, Pod, PodSpec } from '../../model/schema/generated/types-kubernetes.ts';

type Labels = Readonly<Record<string, string>>;

/** What a workload wants its pods to be, as written. */
export interface PodTemplate {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: PodSpec | undefined;
}

interface Metadata {
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

interface Template {
  readonly metadata?: Metadata;
  readonly spec?: PodSpec;
}

/** The template of a workload, or a bare Pod as its own; of kinds without pods one that wants nothing. */
export const podTemplateOf = ({ kind, object }: Resource): PodTemplate => {
  const template: Template | undefined =
    kind === 'Pod'
      ? (object as Pod)
      : kind === 'CronJob'
        ? (object as CronJob).spec?.jobTemplate.spec?.template
        : (object as Deployment).spec?.template;
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  return { labels, annotations, spec: template?.spec };
};

/** The proxy's container, which Istio knows by its name, a native sidecar among the init containers included. */
export const proxyContainer = (spec: PodSpec | undefined) =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(({ name }) => name === 'istio-proxy');
