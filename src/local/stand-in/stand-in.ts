import type { Pod, PodContainer } from '../../model/pod.ts';
import type { SocketAddress } from '../../proxy/proxy.ts';
import type { Closable } from '../forward.ts';
import { type AttemptCounter, createAttemptCounter, createEcho, type EchoIdentity, type EchoReport } from './echo.ts';
import { createHttpEcho, type HttpEchoSettings, isHttpEcho, readHttpEcho } from './http-echo.ts';
import { type Listening, listenAnyHttp, listenHttp } from './protocol-listener.ts';

/** What answers in place of a container's image, and how a person is told. Images are never run. */
export type StandIn = {
  /** Ports of the pod it answers on. */
  readonly ports: readonly number[];
  /** A sentence without final period that says it is a stand-in: for status reports; nothing on the wire does. */
  readonly says: string;
} & (
  | { readonly kind: 'echo' }
  | { readonly kind: 'http-echo'; readonly settings: Extract<HttpEchoSettings, { kind: 'serve' }> }
  /** The real program would end at once with these arguments, so nothing answers. */
  | { readonly kind: 'exits' }
);

const defaultEchoPort = 8080;

/** Decides by the image what stands in for a container: hashicorp/http-echo is known, anything else is echoed. */
export const chooseStandIn = (container: PodContainer): StandIn => {
  if (isHttpEcho(container.image)) {
    const settings = readHttpEcho(container);
    if (settings.kind === 'exit') {
      return { kind: 'exits', ports: [], says: `stand-in for http-echo: exits, ${settings.reason}` };
    }
    const says = `stand-in for http-echo: answers ${JSON.stringify(settings.text)} on port ${settings.port}`;
    return { kind: 'http-echo', ports: [settings.port], settings, says };
  }
  const declared = container.ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port);
  const ports = declared.length === 0 ? [defaultEchoPort] : declared;
  const word = ports.length === 1 ? 'port' : 'ports';
  return {
    kind: 'echo',
    ports,
    says: `stand-in for image ${container.image}: echoes requests as JSON on ${word} ${ports.join(', ')}`,
  };
};

let certificate: Promise<{ readonly cert: string; readonly key: string }> | undefined;

/** One certificate for all echo applications of the process, made when the first TLS connection comes. */
const echoCertificate = async (): Promise<{ readonly cert: string; readonly key: string }> => {
  certificate ??= import('./echo-certificate.ts').then(({ mintEchoCertificate }) => mintEchoCertificate(Date.now()));
  return certificate;
};

export interface EchoServerOptions {
  readonly identity: EchoIdentity;
  /** The port as the mesh knows it. */
  readonly port: number;
  /** The socket that stands for it; port 0 picks a free one. Loopback only. */
  readonly at: SocketAddress;
  readonly attempts: AttemptCounter;
  readonly onHit?: ((report: EchoReport) => void) | undefined;
}

/** Serves one port of an echo application: for pods, and for hosts outside the mesh that do not exist here. */
export const startEchoServer = ({ at, ...options }: EchoServerOptions): Promise<Listening> =>
  listenAnyHttp(at, createEcho(options), echoCertificate);

/** What all stand-ins of one mesh share. */
export interface StandInHooks {
  /** Shared, so that a retry at another pod counts on. */
  readonly attempts: AttemptCounter;
  readonly onHit: ((report: EchoReport) => void) | undefined;
}

/** Hooks of a new mesh; `onHit` hears of every request an echo application received, before it is answered. */
export const createStandInHooks = (onHit?: (report: EchoReport) => void): StandInHooks => ({
  attempts: createAttemptCounter(),
  onHit,
});

export interface StandInOptions {
  readonly pod: Pod;
  /** Ports the pod declares; those no container has by itself are echoed. */
  readonly ports: readonly number[];
  /** The socket for a port of the pod (its application's, behind the sidecar). Loopback only. */
  readonly listen: (port: number) => SocketAddress;
  /** Told once a port is served, with the socket that `listen`'s port 0 became. */
  readonly onListening: (port: number, at: SocketAddress) => void;
  readonly hooks: StandInHooks;
}

// Injected proxies are heddle's own affair.
const standInsOf = (pod: Pod): readonly StandIn[] =>
  pod.containers.filter(({ name }) => name !== 'istio-proxy').map(chooseStandIn);

/** What stands in for a pod's containers, in words; every sentence says that it is a stand-in. */
export const describeStandIn = (pod: Pod): string =>
  standInsOf(pod)
    .map(({ says }) => says)
    .join('; ');

/**
 * Stands in for every container of a pod. Where two containers claim one port the first gets it, as in a real pod.
 * Faults: LISTEN_FAILED, NOT_LOOPBACK; what had been started is closed before they are thrown.
 */
export const startStandIn = async (options: StandInOptions): Promise<Closable> => {
  const { pod, ports, listen, onListening, hooks } = options;
  const version = pod.labels['version'];
  const identity: EchoIdentity = { workload: pod.workload, pod: pod.name, version, namespace: pod.namespace };
  const running = new Map<number, Listening>();
  const close = async (): Promise<void> => {
    await Promise.all([...running.values()].map((listening) => listening.close()));
  };
  const standIns = standInsOf(pod);
  const start = async (port: number, standIn: StandIn): Promise<void> => {
    if (running.has(port)) return;
    const at = listen(port);
    const listening = await (standIn.kind === 'http-echo'
      ? listenHttp(at, createHttpEcho(standIn.settings))
      : startEchoServer({ identity, port, at, ...hooks }));
    running.set(port, listening);
    onListening(port, listening.at);
  };
  try {
    for (const standIn of standIns) {
      for (const port of standIn.ports) await start(port, standIn);
    }
    const echo = standIns.find(({ kind }) => kind === 'echo');
    for (const port of echo === undefined ? [] : ports) await start(port, echo as StandIn);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
};
