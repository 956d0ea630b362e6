import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServedKind } from '../../../src/cluster/cluster.ts';
import type { FakeFault } from './faults.ts';
import { type ApiRequest, readBody, readRequest } from './request.ts';
import { type Answer, answerObject, discover, isChosen } from './rest.ts';
import { forbiddenError, isForbidden, type Scene } from './scene.ts';
import { Refused } from './store.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** `v1.Status` of a refusal. */
const statusOf = ({ statusCode, reason, message, details }: Refused): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  details,
  code: statusCode,
});

const review = (scene: Scene, request: ApiRequest): Answer => {
  const asked = request.body as {
    readonly spec: { readonly resourceAttributes: { verb: string; resource: string; subresource?: string } };
  };
  const { verb, resource, subresource } = asked.spec.resourceAttributes;
  const name = subresource === undefined ? resource : `${resource}/${subresource}`;
  return [201, { ...asked, status: { allowed: !isForbidden(scene, { verb, resource: name }) } }];
};

const watch = (scene: Scene, request: ApiRequest, kind: ServedKind, response: ServerResponse): void => {
  response.writeHead(200, JSON_TYPE).flushHeaders();
  const write = (event: unknown): void => void response.write(`${JSON.stringify(event)}\n`);
  const stop = scene.store.changes(kind, request.query.get('resourceVersion') ?? '0', (event) => {
    if (isChosen(request, event.object)) write(event);
  });
  if (stop === undefined) {
    write({ type: 'ERROR', object: statusOf(new Refused(410, 'Expired', 'too old resource version')) });
    response.end();
    return;
  }
  const end = (): void => {
    stop();
    response.end();
  };
  scene.watches.add(end);
  response.on('close', () => {
    scene.watches.delete(end);
    stop();
  });
  scene.onWatch();
};

const kindOf = (scene: Scene, { path, group, resource }: ApiRequest): ServedKind => {
  const [name] = resource.split('/');
  const root = group === '' ? '/api' : '/apis';
  const found = scene.store
    .kinds()
    .find((kind) => path.startsWith(`${root}/${kind.apiVersion}/`) && kind.resource === name);
  if (found === undefined) throw new Refused(404, 'NotFound', 'the server could not find the requested resource');
  return found;
};

const answer = (scene: Scene, request: ApiRequest): Answer => {
  if (request.resource === '') return [200, discover(scene.store, scene.gitVersion, request.path)];
  if (request.resource === 'selfsubjectaccessreviews') return review(scene, request);
  if (isForbidden(scene, request)) throw forbiddenError(request);
  if (request.resource === 'serviceaccounts/token')
    return [201, { kind: 'TokenRequest', status: { token: `token-of-${request.namespace}/${request.name}` } }];
  return answerObject(scene.store, request, kindOf(scene, request));
};

const sendLog = (scene: Scene, request: ApiRequest, response: ServerResponse): void => {
  if (isForbidden(scene, request)) throw forbiddenError(request);
  const text = scene.logs.get(`${request.namespace}/${request.name}`);
  if (text === undefined) throw new Refused(404, 'NotFound', `pods "${request.name}" not found`);
  response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
};

/** Lets a fault happen; false where the request is answered after all. */
const suffer = async (fault: FakeFault, incoming: IncomingMessage, response: ServerResponse): Promise<boolean> => {
  if (fault.reset === true) incoming.socket.destroy();
  if (fault.reset === true || fault.hang === true) return true;
  if (fault.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
  if (fault.statusCode === undefined) return false;
  const refused = new Refused(fault.statusCode, fault.reason ?? '', fault.message ?? 'made to fail');
  response
    .writeHead(fault.statusCode, { ...JSON_TYPE, ...fault.headers })
    .end(fault.body ?? JSON.stringify(statusOf(refused)));
  return true;
};

/** Answers one request. */
export const handleRequest = async (
  scene: Scene,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const request = readRequest(incoming, await readBody(incoming));
  scene.requests.push(request);
  const fault = scene.faults.next(request);
  if (fault !== undefined && (await suffer(fault, incoming, response))) return;
  try {
    if (request.resource === 'pods/log') sendLog(scene, request, response);
    else if (request.verb === 'watch' && !isForbidden(scene, request))
      watch(scene, request, kindOf(scene, request), response);
    else {
      const [statusCode, body] = answer(scene, request);
      response.writeHead(statusCode, JSON_TYPE).end(JSON.stringify(body));
    }
  } catch (error) {
    const refused = error instanceof Refused ? error : new Refused(500, 'InternalError', String(error));
    response.writeHead(refused.statusCode, JSON_TYPE).end(JSON.stringify(statusOf(refused)));
  }
};

const refusalOfUpgrade = (scene: Scene, request: ApiRequest): Refused | undefined => {
  const create = { verb: 'create', resource: request.resource };
  if (isForbidden(scene, create)) return forbiddenError({ ...request, ...create });
  const { namespace = '', name = '' } = request;
  const pod = scene.store.get({ apiVersion: 'v1', kind: 'Pod', namespace, name });
  return pod === undefined ? new Refused(404, 'NotFound', `pods "${name}" not found`) : undefined;
};

/** Answers one upgrade: port-forward or exec. */
export const handleUpgrade = (scene: Scene, incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
  const request = readRequest(incoming, undefined);
  scene.requests.push(request);
  const fault = scene.faults.next(request);
  if (fault?.hang === true) return;
  if (fault?.reset === true) {
    socket.destroy();
    return;
  }
  const refused = refusalOfUpgrade(scene, request);
  const pod = `${request.namespace}/${request.name}`;
  if (refused !== undefined) {
    const body = JSON.stringify(statusOf(refused));
    const headers = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
    socket.end(`HTTP/1.1 ${refused.statusCode} Refused\r\n${headers}\r\n\r\n${body}`);
  } else if (request.resource === 'pods/portforward') {
    const port = Number(request.query.get('ports'));
    scene.streams.forward(incoming, socket, head, port, scene.forwards.get(`${pod}:${port}`));
  } else scene.streams.exec(incoming, socket, head, scene.exec(request.query.getAll('command'), pod));
};
