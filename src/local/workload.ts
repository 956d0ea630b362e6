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
  /** Ports of the pod it answers at. */
  readonly ports: readonly number[];
  /** Why it would not answer now; undefined when it would. */
  whyNotReady(): Promise<string | undefined>;
}

export interface ApplicationOptions {
  readonly pod: Pod;
  /** The mesh address the application has: the pod's own, or its private one behind a sidecar. */
  readonly address: string;
  readonly plan: SocketPlan;
  /** Target ports of the Services that select the pod: applications often listen where no containerPort says so. */
  readonly servicePorts: readonly number[];
  /** Set by `heddle local run`; comes before the annotation. */
  readonly boundTo: SocketAddress | undefined;
  readonly hooks: StandInHooks;
}

/** What the containers declare or their stand-ins take by themselves, and what Services expect to be there. */
const applicationPorts = ({ pod, servicePorts }: ApplicationOptions): readonly number[] => [
  ...new Set([...pod.containers.flatMap((container) => chooseStandIn(container).ports), ...servicePorts]),
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
  const { address, plan } = options;
  const ports = applicationPorts(options);
  const forwards = await Promise.all(
    ports.map(async (port) => {
      const forward = await startForward(plan.bindAddress(address, port), () => target);
      plan.bound(address, port, forward.at);
      return forward;
    }),
  );
  return {
    standIn: undefined,
    bound: `process at ${target.host}:${target.port}`,
    ports,
    whyNotReady: async () =>
      (await accepts(target)) ? undefined : `nothing accepts connections at ${target.host}:${target.port}`,
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
  const ports = applicationPorts(options);
  const standIn = await startStandIn({
    pod,
    ports,
    listen: (port) => plan.bindAddress(address, port),
    onListening: (port, at) => plan.bound(address, port, at),
    hooks,
  });
  const says = describeStandIn(pod);
  // A program that would end at once with its arguments leaves a pod that never becomes ready.
  const exits = pod.containers.some((container) => chooseStandIn(container).kind === 'exits');
  return {
    standIn: says,
    bound: undefined,
    ports,
    whyNotReady: async () => (exits ? says : undefined),
    close: () => standIn.close(),
  };
};
