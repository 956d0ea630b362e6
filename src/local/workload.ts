import { connect } from 'node:net';
import type { Pod } from '../model/pod.ts';
import type { SocketAddress } from '../proxy/proxy.ts';
import { APP_ANNOTATION, parseBinding } from './binding.ts';
import { type Closable, startForward } from './forward.ts';
import type { SocketPlan } from './sockets.ts';
import { chooseStandIn, describeStandIn, type StandInHooks, startStandIn } from './stand-in/stand-in.ts';

/** How long a bound process may take to accept a probe. */
const PROBE_TIMEOUT_MS = 500;

/** What answers for a pod's containers: a stand-in, or a process of this machine bound to the pod. */
export interface Application extends Closable {
  /** In words when it is a stand-in, undefined when a real process answers. */
  readonly standIn: string | undefined;
  /** In words when a real process answers. */
  readonly bound: string | undefined;
  /** Whether it would accept a connection now. */
  isReady(): Promise<boolean>;
}

export interface ApplicationOptions {
  readonly pod: Pod;
  /** The mesh address the application has: the pod's own, or its private one behind a sidecar. */
  readonly address: string;
  readonly plan: SocketPlan;
  /** Set by `heddle local run`; comes before the annotation. */
  readonly boundTo: SocketAddress | undefined;
  readonly hooks: StandInHooks;
}

/** Ports a pod's application answers at: what its containers declare, or what their stand-ins take by themselves. */
export const applicationPorts = (pod: Pod): readonly number[] => [
  ...new Set(pod.containers.flatMap((container) => chooseStandIn(container).ports)),
];

const accepts = (target: SocketAddress): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ ...target, timeout: PROBE_TIMEOUT_MS });
    const end = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });

const startBound = async (options: ApplicationOptions, target: SocketAddress): Promise<Application> => {
  const { address, plan, pod } = options;
  const forwards = await Promise.all(
    applicationPorts(pod).map(async (port) => {
      const forward = await startForward(plan.bindAddress(address, port), () => target);
      plan.bound(address, port, forward.at);
      return forward;
    }),
  );
  return {
    standIn: undefined,
    bound: `process at ${target.host}:${target.port}`,
    isReady: () => accepts(target),
    close: async () => {
      await Promise.all(forwards.map((forward) => forward.close()));
    },
  };
};

/** Starts what answers for a pod. A gateway's pod has no application: its proxy is all there is. */
export const startApplication = async (options: ApplicationOptions): Promise<Application | undefined> => {
  const { pod, address, plan, hooks } = options;
  if (pod.proxyMode === 'gateway') return undefined;
  const target = options.boundTo ?? parseBinding(pod.annotations[APP_ANNOTATION] ?? '');
  if (target !== undefined) return startBound(options, target);
  const standIn = await startStandIn({
    pod,
    ports: applicationPorts(pod),
    listen: (port) => plan.bindAddress(address, port),
    onListening: (port, at) => plan.bound(address, port, at),
    hooks,
  });
  return {
    standIn: describeStandIn(pod),
    bound: undefined,
    isReady: async () => true,
    close: () => standIn.close(),
  };
};
