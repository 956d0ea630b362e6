import { normalizePath } from '../path.ts';
import { routesAt } from '../routing.ts';
import { act, firstCluster } from './act-on-route.ts';
import { chooseRoute } from './choose-route.ts';
import type { AskedRequest, Branch } from './explanation.ts';
import { ownAnswer, type Sender } from './forward.ts';
import { limitSteps } from './limit-stage.ts';
import { type TravellingRequest, takeOver } from './request-headers.ts';
import { askPolicies, factsOf } from './server-side.ts';
import { askForToken } from './token-stage.ts';

/** What a client asks TLS for: the host of its URL. */
export const serverNameOf = ({ authority }: AskedRequest): string => authority.replace(/:\d*$/, '').toLowerCase();

/** The HTTP stages of the first proxy, in the order of proxy/exchange.ts. */
export const route = (
  sender: Sender,
  direction: 'outbound' | 'gateway',
  asked: AskedRequest,
  request: TravellingRequest,
  peer: string,
): readonly Branch[] => {
  const { tables, steps, address, port } = sender;
  const answer = (status: number, flags: string, because: string, more: Partial<Branch> = {}): readonly Branch[] => [
    { probability: 1, ...ownAnswer(request, status), flags, cluster: null, because, ...more },
  ];
  takeOver(request, direction === 'gateway', asked.isTls, peer);
  if (!request.path.startsWith('/')) return answer(404, '-', 'the target is no path');
  const normal = normalizePath(request.path, tables.pathNormalization ?? 'BASE');
  if ('refused' in normal) {
    steps.push({ stage: 'path', decision: `400: ${normal.refused}` });
    return answer(400, '-', normal.refused);
  }
  if (normal.path !== request.path) steps.push({ stage: 'path', decision: `${request.path} becomes ${normal.path}` });
  request.path = normal.path;
  const tls = asked.isTls ? { serverName: serverNameOf(asked), peerPrincipal: '' } : undefined;
  // Claims choose routes, so the token comes first.
  const token = direction === 'gateway' ? askForToken(sender.view.tokens, tables, request) : undefined;
  if (token?.step !== undefined) steps.push(token.step);
  const chosen = chooseRoute(routesAt(tables, { direction, address, port, tls }), request, steps);
  const place = { direction, port, route: chosen };
  steps.push(...limitSteps(tables, place, true));
  if (token?.refused !== undefined) {
    const { status, policy } = token.refused;
    return answer(status, '-', `denied by ${policy}`, { policy, cluster: firstCluster(chosen) });
  }
  if (direction === 'gateway' && tables.authorization !== undefined) {
    const connection = { address, port, remoteAddress: peer, tls };
    const {
      steps: told,
      deniedBy,
      flags,
    } = askPolicies(
      tables.authorization.http,
      connection,
      factsOf(request, tables.authorization, connection, true),
      sender.view.authorizers,
    );
    steps.push(...told);
    if (deniedBy !== undefined)
      return answer(403, flags, `denied by ${deniedBy}`, { policy: deniedBy, cluster: firstCluster(chosen) });
  }
  steps.push(...limitSteps(tables, place, false));
  if (chosen === undefined) return answer(404, 'NR', 'no route matches');
  return act(sender, chosen, request);
};
