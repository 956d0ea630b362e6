import type {
  Container,
  EnvVar,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
} from '../model/schema/generated/types-kubernetes.ts';
import { printGoJson } from '../model/typed/go-json.ts';
import { isObject } from '../model/value.ts';
import { changeContainer, containersOf, findInPod, initContainersOf, mapContainers, PROXY } from './containers.ts';
import { parseBool } from './parse-bool.ts';
import type { InjectablePod } from './pod.ts';
import { STATUS } from './previous-injection.ts';
import { HANDLERS, handlerPath, PROBES, probePath } from './probe-paths.ts';

const PROBERS = 'ISTIO_KUBE_APP_PROBERS';

/** A check that the agent makes in the kubelet's stead. */
interface Prober {
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: LifecycleHandler['tcpSocket'];
  readonly grpc?: Probe['grpc'];
  readonly timeoutSeconds?: number;
}

/** Whether probes are rewritten: by the pod's annotation where it can be read, else by the Helm values. */
export const isRewriteEnabled = (annotations: Readonly<Record<string, string>>, byValues: boolean): boolean =>
  parseBool(annotations['sidecar.istio.io/rewriteAppHTTPProbers']) ?? byValues;

/** The one action of a check with its port as a number; undefined for no such action, unknown names and the agent's own port. */
const withNumber = (
  { httpGet, tcpSocket, grpc }: Probe,
  ports: ReadonlyMap<string, number>,
  statusPort: number,
): Prober | undefined => {
  const action = httpGet ?? tcpSocket;
  if (action === undefined) return grpc === undefined ? undefined : { grpc };
  if (action.port === statusPort) return undefined;
  const port = typeof action.port === 'string' ? ports.get(action.port) : action.port;
  if (port === undefined) return undefined;
  if (httpGet !== undefined) return { httpGet: { ...httpGet, port } };
  return tcpSocket === undefined ? undefined : { tcpSocket: { ...tcpSocket, port } };
};

const probersOf = (container: Container, statusPort: number): readonly (readonly [string, Prober])[] => {
  const ports = new Map(
    (container.ports ?? []).flatMap(({ name, containerPort }) => (name ? [[name, containerPort]] : [])),
  );
  const found: [string, Prober][] = [];
  for (const [field, check] of PROBES) {
    const probe = container[field];
    const prober = probe && withNumber(probe, ports, statusPort);
    const timeout = probe?.timeoutSeconds ? { timeoutSeconds: probe.timeoutSeconds } : {};
    if (prober !== undefined) found.push([probePath(container.name, check), { ...prober, ...timeout }]);
  }
  for (const [field, check] of HANDLERS) {
    const handler = container.lifecycle?.[field];
    const prober = handler && withNumber(handler, ports, statusPort);
    if (prober !== undefined) found.push([handlerPath(container.name, check), prober]);
  }
  return found;
};

/** The checks of all containers but the proxy as the agent reads them, in JSON; empty where there are none. */
export const dumpProbers = (pod: InjectablePod, statusPort: number): string => {
  const probers = [...initContainersOf(pod), ...containersOf(pod)]
    .filter(({ name }) => name !== PROXY)
    .flatMap((container) => probersOf(container, statusPort));
  return probers.length === 0 ? '' : printSorted(Object.fromEntries(probers));
};

const printSorted = (map: object): string =>
  printGoJson(Object.fromEntries(Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1))));

/** The environment with the probers; those of an earlier injection stay as they were. */
const withProbers = (env: readonly EnvVar[], probers: string, wasInjected: boolean): readonly EnvVar[] => {
  const earlier = wasInjected ? env.find(({ name }) => name === PROBERS) : undefined;
  if (earlier === undefined) return [...env, { name: PROBERS, value: probers }];
  let known: unknown;
  try {
    known = JSON.parse(earlier.value ?? '');
  } catch {
    return env;
  }
  if (!isObject(known)) return env;
  const value = printSorted({ ...JSON.parse(probers), ...known });
  return env.map((each) => (each === earlier ? { name: PROBERS, value } : each));
};

const toAgent = (action: HTTPGetAction | undefined, path: string, port: number): HTTPGetAction => ({
  ...action,
  ...(action?.scheme === 'HTTPS' && { scheme: 'HTTP' }),
  path,
  port,
});

const rewriteProbe = (probe: Probe, path: string, port: number): Probe => {
  if (probe.httpGet !== undefined) return { ...probe, httpGet: toAgent(probe.httpGet, path, port) };
  const { tcpSocket, grpc, ...rest } = probe;
  const httpGet = toAgent(undefined, path, port);
  if (tcpSocket !== undefined) return { ...rest, ...(grpc && { grpc }), httpGet };
  return grpc === undefined ? probe : { ...rest, httpGet };
};

const rewriteHandler = (handler: LifecycleHandler, path: string, port: number): LifecycleHandler => {
  if (handler.httpGet !== undefined) return { ...handler, httpGet: toAgent(handler.httpGet, path, port) };
  const { tcpSocket, ...rest } = handler;
  return tcpSocket === undefined ? handler : { ...rest, httpGet: toAgent(undefined, path, port) };
};

const rewriteContainer = (container: Container, port: number): Container => {
  if (container.lifecycle === undefined && PROBES.every(([field]) => container[field] === undefined)) return container;
  const changed: { -readonly [K in keyof Container]: Container[K] } = { ...container };
  for (const [field, check] of PROBES) {
    const probe = container[field];
    if (probe !== undefined) changed[field] = rewriteProbe(probe, probePath(container.name, check), port);
  }
  for (const [field, check] of HANDLERS) {
    const handler = changed.lifecycle?.[field];
    if (handler === undefined) continue;
    const rewritten = rewriteHandler(handler, handlerPath(container.name, check), port);
    changed.lifecycle = { ...changed.lifecycle, [field]: rewritten };
  }
  return changed;
};

/** Lets the checks of all containers but the proxy ask the agent at its port, which the pod's annotation may move. */
export const rewriteProbes = (pod: InjectablePod, statusPort: number): InjectablePod => {
  const annotated = pod.metadata.annotations?.['status.sidecar.istio.io/port'];
  const port = annotated === undefined ? statusPort : Number(annotated);
  return mapContainers(pod, (container) => (container.name === PROXY ? container : rewriteContainer(container, port)));
};

/** Hands the checks of the application's containers to the agent, where the pod has a sidecar and it is wanted. */
export const takeOverProbes = (pod: InjectablePod, statusPort: number, byValues: boolean): InjectablePod => {
  const annotations = pod.metadata.annotations ?? {};
  if (findInPod(pod, PROXY) === undefined || !isRewriteEnabled(annotations, byValues)) return pod;
  const probers = dumpProbers(pod, statusPort);
  const told =
    probers === ''
      ? pod
      : changeContainer(pod, PROXY, (proxy) => ({
          ...proxy,
          env: withProbers(proxy.env ?? [], probers, annotations[STATUS] !== undefined),
        }));
  return rewriteProbes(told, statusPort);
};
