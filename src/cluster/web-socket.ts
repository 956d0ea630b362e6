import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { Fault } from '../base/fault.ts';
import type { CallLimits } from './cluster.ts';
import { type Deadline, startDeadline, whenAborted } from './deadline.ts';
import { endedFault, refusalFault, unreachableFault } from './errors.ts';
import { type Call, type Connection, targetOf } from './request.ts';

/** Kubernetes' framing of several streams over one WebSocket: the first byte of a message is the number of its stream. */
const PROTOCOLS = ['v4.channel.k8s.io'];
const MOST_REFUSAL_BYTES = 64 * 1024;

const readRefusal = async (response: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MOST_REFUSAL_BYTES) break;
  }
  return body;
};

const open = async (
  connection: Connection,
  call: Pick<Call, 'path' | 'query' | 'action'>,
  deadline: Deadline,
): Promise<WebSocket> => {
  const { client } = connection;
  const { WebSocket: Socket } = await import('ws');
  const transport = await client.transport(deadline);
  return new Promise((resolve, reject) => {
    const socket = new Socket(`${client.server.replace(/^http/, 'ws')}${targetOf(call)}`, PROTOCOLS, {
      ...transport.tls,
      agent: transport.agent,
      headers: { 'user-agent': connection.userAgent, ...transport.headers },
      perMessageDeflate: false,
    });
    socket.once('open', () => {
      settle();
      connection.log(`GET ${targetOf(call)} 101`);
      // Nothing may arrive before the caller listens; who listens resumes.
      socket.pause();
      resolve(socket);
    });
    socket.once('unexpected-response', (_request, response) => {
      connection.log(`GET ${targetOf(call)} ${response.statusCode}`);
      readRefusal(response)
        .then((body) => {
          settle();
          socket.terminate();
          reject(refusalFault({ action: call.action, statusCode: response.statusCode ?? 0, body }, client));
        })
        .catch(reject);
    });
    // Stays: what happens to the socket later is told by its "close".
    socket.on('error', (error) => {
      settle();
      reject(error);
    });
    const settle = whenAborted(deadline.signal, () => socket.terminate());
  });
};

/** Opens a subresource of a pod that is several streams, paused; throws a Fault where the server refuses or stays silent. */
export const openWebSocket = async (
  connection: Connection,
  call: Pick<Call, 'path' | 'query' | 'action'>,
  limits?: CallLimits,
): Promise<WebSocket> => {
  const deadline = startDeadline(limits, connection.limits);
  try {
    return await open(connection, call, deadline);
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (!deadline.signal.aborted) throw unreachableFault(call.action, connection.client, error);
    throw endedFault(call.action, connection.client, deadline);
  } finally {
    deadline.stopClock();
  }
};
