import { Fault } from '../../base/fault.ts';
import { findPrometheus, queryPrometheus } from '../../cluster/prometheus.ts';
import { CLUSTER_EXIT_CODES, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { defineCommand, durationMs, text } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { renderTable } from '../table.ts';

const MINUTE_MS = 60_000;

/** Text that stands for itself in a regular expression within a string of PromQL. */
const literal = (word: string): string => word.replace(/[\\^$.*+?()[\]{}|"]/g, '\\\\$&');

/** Istio's metrics of requests to the workloads whose name begins so, as their own proxies counted them. */
const queriesOf = (workload: string, ms: number) => {
  const [name = '', namespace = ''] = workload.split('.');
  const labels = `destination_workload=~"${literal(name)}.*", destination_workload_namespace=~"${literal(namespace)}.*",reporter="destination"`;
  const window = `[${ms}ms]`;
  const latency = (quantile: number): string =>
    `histogram_quantile(${quantile}, sum(rate(istio_request_duration_milliseconds_bucket{${labels}}${window})) by (le))`;
  return {
    requestsPerSecond: `sum(rate(istio_requests_total{${labels}}${window}))`,
    errorsPerSecond: `sum(rate(istio_requests_total{${labels},response_code=~"[45][0-9]{2}"}${window}))`,
    p50Ms: latency(0.5),
    p90Ms: latency(0.9),
    p99Ms: latency(0.99),
  };
};

const rate = (value: number | undefined): string => (value ?? 0).toFixed(3);
const latency = (ms: number | undefined): string => (ms === undefined ? '' : `${Math.trunc(ms)}ms`);

export const metrics = defineCommand({
  summary: 'Shows how many requests workloads get, how many fail, and how long they take, from Prometheus.',
  examples: [
    ['heddle metrics reviews-v1', 'over the last minute'],
    ['heddle metrics reviews-v1.shop ratings-v1.shop -d 5m -o json', 'two workloads, for scripts'],
  ],
  arguments: [{ name: 'WORKLOAD', summary: 'what names of workloads begin with: NAME[.NAMESPACE]', variadic: true }],
  options: {
    duration: durationMs('-d, --duration <duration>', 'over how long (1m)', MINUTE_MS),
    namespace: text('-n, --namespace <name>', 'namespace of workloads that are named without one'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...CLUSTER_EXIT_CODES, 1: 'there is no Prometheus, or it refuses' },
  notes: [
    'Numbers are of the proxies of the workloads asked for, not of their clients. Responses from 400 on are errors.',
  ],
  seeAlso: ['heddle dashboard', 'heddle local top'],
  run: async (context, workloads, { duration, namespace, istioNamespace = ISTIO_NAMESPACE, ...flags }) => {
    if (workloads.length === 0 || duration === 0)
      throw new Fault(duration === 0 ? '--duration wants more than 0s' : 'no workload is named', {
        kind: 'usage',
        code: 'BAD_FLAG_VALUE',
        hint: 'such as heddle metrics reviews-v1.shop -d 1m',
      });
    return withCluster(context, flags, async (cluster) => {
      const pod = await findPrometheus(cluster, istioNamespace);
      const measure = async (given: string) => {
        const workload = given.includes('.') || namespace === undefined ? given : `${given}.${namespace}`;
        const queries = queriesOf(workload, duration);
        const ask = (query: string) => queryPrometheus(cluster, pod, query);
        const [requestsPerSecond, errorsPerSecond, p50Ms, p90Ms, p99Ms] = await Promise.all([
          ask(queries.requestsPerSecond),
          ask(queries.errorsPerSecond),
          ask(queries.p50Ms),
          ask(queries.p90Ms),
          ask(queries.p99Ms),
        ]);
        return { workload, requestsPerSecond, errorsPerSecond, p50Ms, p90Ms, p99Ms };
      };
      const items = await Promise.all(workloads.map(measure));
      await printDocument(context, { kind: 'WorkloadMetrics', durationMs: duration, items }, () =>
        renderTable(
          ['WORKLOAD', 'TOTAL RPS', 'ERROR RPS', 'P50 LATENCY', 'P90 LATENCY', 'P99 LATENCY'],
          items.map((each) => [
            each.workload,
            rate(each.requestsPerSecond),
            rate(each.errorsPerSecond),
            latency(each.p50Ms),
            latency(each.p90Ms),
            latency(each.p99Ms),
          ]),
        ),
      );
      return EXIT.ok;
    });
  },
});
