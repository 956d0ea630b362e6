import { printGoJson } from '../model/typed/go-json.ts';
import type { Plain } from '../yaml/plain.ts';
import { changeContainer, findInPod, PROXY } from './containers.ts';
import { dig } from './image.ts';
import { parseBool } from './parse-bool.ts';
import { type InjectablePod, withAnnotations } from './pod.ts';
import { Refusal } from './refusal.ts';

type Texts = Readonly<Record<string, string>>;

/** Prometheus sees annotations with every other character as an underscore, so that `prometheus/io/port` is one too. */
const sanitized = (name: string): string => name.replace(/[^a-zA-Z0-9_]/g, '_');

const SCRAPE = 'prometheus_io_scrape';
const PORT = 'prometheus_io_port';
const PATH = 'prometheus_io_path';
const TARGETS = 'prometheus_istio_io_scrape_targets';
const SECURE_PORT = 'prometheus_istio_io_secure_port';
const CLEARED: ReadonlySet<string> = new Set([SCRAPE, PORT, PATH, TARGETS]);

const RESERVED: ReadonlyMap<number, string> = new Map([
  [15000, 'the admin interface of Envoy'],
  [15001, 'the capture of outbound traffic'],
  [15004, 'the debug interface of istiod'],
  [15006, 'the capture of inbound traffic'],
  [15008, 'HBONE tunnels'],
  [15020, 'the merged metrics of the agent'],
  [15021, 'health checks of Envoy'],
  [15053, 'the DNS proxy'],
  [15090, 'metrics of Envoy, which are merged already'],
]);

/** Values of an annotation in all its spellings, in the order of their names. */
const spellings = (annotations: Texts, wanted: string): readonly string[] =>
  Object.keys(annotations)
    .sort()
    .filter((name) => sanitized(name) === wanted)
    .map((name) => annotations[name] ?? '');

/** The annotated port to scrape. */
export const prometheusPort = (annotations: Texts): string | undefined => spellings(annotations, PORT)[0];

/** Annotations without those that tell Prometheus what to scrape. */
export const clearPrometheus = (annotations: Texts): Texts =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => !CLEARED.has(sanitized(name))));

/** One port and path whose metrics the agent merges into its own. */
interface ScrapeTarget {
  readonly port: string;
  readonly path: string;
}

/** Where the application's metrics are, as the agent reads it from its environment; empty texts are not set. */
interface Scrape {
  readonly scrape: string;
  readonly path: string;
  readonly port: string;
  readonly targets?: readonly ScrapeTarget[];
}

/** `8080:/metrics,9100`; undefined where a port is missing. */
const parseTargets = (text: string): readonly ScrapeTarget[] | undefined => {
  const entries = text.split(',').map((entry) => entry.trim());
  const targets = entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, port = '', path = ''] = /^([^:]*):?(.*)$/s.exec(entry) ?? [];
      return { port: port.trim(), path: path.trim() || '/metrics' };
    });
  return targets.some(({ port }) => port === '') ? undefined : targets;
};

/** What the annotations say of the application's metrics. */
export const scrapeConfiguration = (annotations: Texts): Scrape => {
  const text = (name: string): string => spellings(annotations, name).at(-1) ?? '';
  const targets = parseTargets(text(TARGETS)) ?? [];
  const plain = { scrape: text(SCRAPE), path: text(PATH), port: text(PORT) };
  return targets.length === 0 ? plain : { ...plain, targets };
};

const checkPort = (text: string, statusPort: number): void => {
  const port = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65535)) throw new Refusal(`the annotations of Prometheus name no port but "${text}"`);
  const reason = port === statusPort ? 'the merged metrics of the agent' : RESERVED.get(port);
  if (reason !== undefined)
    throw new Refusal(`the annotations of Prometheus name port ${text}, which is for ${reason}`);
};

/** Whether the metrics of application and proxy are merged: by the pod's annotation, else by the mesh. */
export const isMergeEnabled = (mesh: Plain, annotations: Texts): boolean =>
  parseBool(annotations['prometheus.istio.io/merge-metrics']) ?? dig(mesh, 'enablePrometheusMerge') !== false;

const isScraped = (annotations: Texts): boolean =>
  spellings(annotations, SCRAPE)
    .map(parseBool)
    .find((value) => value !== undefined) ?? true;

/**
 * Sends Prometheus to the agent, and tells the agent where the application's metrics are. Throws a Refusal for ports that
 * are none, or the mesh's own.
 */
export const mergePrometheus = (pod: InjectablePod, mesh: Plain, statusPort: number): InjectablePod => {
  const annotations = pod.metadata.annotations ?? {};
  if (!isScraped(annotations) || !isMergeEnabled(mesh, annotations)) return pod;
  if (prometheusPort(annotations) === String(statusPort)) return pod;
  const found = scrapeConfiguration(annotations);
  const [first] = found.targets ?? [];
  const scrape = first === undefined ? found : { ...found, path: first.path, port: first.port };
  for (const { port } of scrape.targets ?? (scrape.port === '' ? [] : [scrape])) checkPort(port, statusPort);
  const isEmpty = scrape.scrape === '' && scrape.path === '' && scrape.port === '';
  const told = isEmpty
    ? pod
    : changeContainer(pod, PROXY, (proxy) => ({
        ...proxy,
        env: [...(proxy.env ?? []), { name: 'ISTIO_PROMETHEUS_ANNOTATIONS', value: printGoJson(scrape) }],
      }));
  return withAnnotations(told, {
    ...clearPrometheus(annotations),
    'prometheus.io/port': String(statusPort),
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/scrape': 'true',
  });
};

/** Announces the port of the proxy's metrics over TLS where the proxy has one and the user has not announced it. */
export const announceSecurePort = (pod: InjectablePod): InjectablePod => {
  const annotations = pod.metadata.annotations ?? {};
  if (spellings(annotations, SECURE_PORT).length > 0) return pod;
  const port = findInPod(pod, PROXY)?.env?.find(
    ({ name, value = '' }) => name === 'ENVOY_SECURE_MERGED_METRICS_PORT' && value !== '' && value !== '0',
  )?.value;
  return port === undefined ? pod : withAnnotations(pod, { ...annotations, 'prometheus.istio.io/secure-port': port });
};
