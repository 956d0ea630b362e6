import type { CaseRequest, Prediction } from './predict.ts';

/** One result of an observed.json, as far as routing concerns it. */
export interface Observed {
  readonly request: CaseRequest;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answeredBy?: { readonly pod: string };
  readonly received?: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
  readonly error?: string;
  readonly attempts?: number;
  readonly count?: number;
  readonly statuses?: Readonly<Record<string, number>>;
  readonly distribution?: Readonly<Record<string, number>>;
  readonly accessLog?: readonly {
    readonly proxy: string;
    readonly cluster?: string;
    readonly route?: string;
    readonly flags: string;
    readonly code: number;
  }[];
}

/** The ways a prediction contradicts what was recorded; empty when it does not. */
export const contradictions = (prediction: Prediction, observed: Observed): readonly string[] => {
  const wrong: string[] = [];
  const check = (what: string, wanted: unknown, found: unknown): void => {
    if (wanted !== found) wrong.push(`${what}: predicted ${String(wanted)}, observed ${String(found)}`);
  };
  if (observed.count !== undefined) {
    const workloads = Object.keys(observed.distribution ?? {});
    for (const workload of workloads) {
      const known = prediction.pods === undefined || [...prediction.pods].some((pod) => pod.startsWith(`${workload}-`));
      if (!known) wrong.push(`${workload} answered, predicted ${[...(prediction.pods ?? [])].join()}`);
    }
    if (prediction.status !== undefined)
      check('statuses', String(prediction.status), Object.keys(observed.statuses ?? {}).join());
    return wrong;
  }
  if (prediction.error !== undefined) {
    check('error', prediction.error, observed.error);
    return wrong;
  }
  if (prediction.attempts !== undefined) check('attempts', prediction.attempts, observed.attempts);
  const proxy = observed.request.gateway ?? observed.request.from?.split('/').at(-1) ?? 'client';
  const log = observed.accessLog?.find((entry) => entry.proxy === proxy);
  if (log !== undefined) {
    if (prediction.flags !== undefined) check('flags', prediction.flags, log.flags);
    if (prediction.route !== undefined && log.flags !== 'NC') check('route', prediction.route, log.route ?? '');
    if (log.cluster !== undefined && !prediction.clusters.includes(log.cluster)) {
      wrong.push(`cluster ${log.cluster}, predicted ${prediction.clusters.join()}`);
    }
  }
  if (prediction.status !== undefined) check('status', prediction.status, observed.status);
  else if (log !== undefined && /NR|NC|UH|FI/.test(log.flags)) wrong.push(`flags ${log.flags}, predicted an answer`);
  if (prediction.location !== undefined) check('location', prediction.location, observed.headers?.['location']);
  const { received, answeredBy } = observed;
  if (answeredBy !== undefined && prediction.pods !== undefined && !prediction.pods.has(answeredBy.pod)) {
    wrong.push(`${answeredBy.pod} answered, predicted ${[...prediction.pods].join()}`);
  }
  if (received !== undefined && prediction.path !== undefined) check('path', prediction.path, received.path);
  for (const [name, value] of prediction.headers ?? []) {
    if (received !== undefined) check(`header ${name}`, value, received.headers[name]);
  }
  const operation = received?.headers['x-envoy-decorator-operation'];
  if (operation !== undefined && prediction.operation !== undefined)
    check('operation', prediction.operation, operation);
  return wrong;
};
