import { Fault } from '../../base/fault.ts';
import type { MeshControl } from '../control.ts';
import type { Accepted, Binding, BindRequest, UnbindRequest } from '../protocol.ts';
import { PATHS } from '../protocol.ts';
import type { Route } from '../route.ts';

const accepted: Accepted = { apiVersion: 'heddle/v1', kind: 'Accepted' };

const badBody = (wanted: string): Fault => new Fault(`the body must be ${wanted}`, { kind: 'usage', code: 'BAD_BODY' });

const readBind = (body: unknown): BindRequest => {
  if (typeof body === 'object' && body !== null && 'app' in body && 'port' in body) {
    const { app, port } = body;
    const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535;
    if (typeof app === 'string' && app !== '' && isPort) return { app, port };
  }
  throw badBody('{"app": NAME, "port": 1-65535}');
};

const readUnbind = (body: unknown): UnbindRequest => {
  if (typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string') return { id: body.id };
  throw badBody('{"id": BINDING}');
};

async function* held(control: MeshControl, binding: Binding, signal: AbortSignal): AsyncIterable<Binding> {
  try {
    yield binding;
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  } finally {
    await control.unbind(binding.id);
  }
}

/** Everything that changes the mesh. None of it starts a process or names a file. */
export const MUTATIONS: readonly Route[] = [
  {
    path: PATHS.reload,
    access: 'mutate',
    answer: async ({ control }) => ({ kind: 'json', document: await control.reload() }),
  },
  {
    path: PATHS.stop,
    access: 'mutate',
    answer: async ({ control }) => {
      control.stop();
      return { kind: 'json', document: accepted };
    },
  },
  {
    path: PATHS.bind,
    access: 'mutate',
    // One line that never ends: a caller that is gone, however it went, holds its binding no longer.
    answer: async ({ control, body, signal }) => ({
      kind: 'lines',
      lines: held(control, await control.bind(readBind(body)), signal),
    }),
  },
  {
    path: PATHS.unbind,
    access: 'mutate',
    answer: async ({ control, body }) => {
      await control.unbind(readUnbind(body).id);
      return { kind: 'json', document: accepted };
    },
  },
];
