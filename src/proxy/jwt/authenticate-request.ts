/** The stage of an exchange that asks for its request's token. */
import { authenticate, type TokenDecision, tokensToVerify } from '../../traffic/authenticate.ts';
import type { TokenFault } from '../../traffic/jwt.ts';
import type { RequestHead } from '../../traffic/request.ts';
import type { ProxyTables } from '../../traffic/tables.ts';
import type { HeaderEditor } from '../http1/header-editor.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';

/** Undefined where nobody asks. A promise only for a request that has a token whose signature matters. */
export const authenticateRequest = (
  state: ProxyState,
  { tokens }: ProxyTables,
  { direction }: Place,
  request: RequestHead,
): TokenDecision | Promise<TokenDecision> | undefined => {
  if (tokens === undefined || direction === 'outbound') return undefined;
  const nowSeconds = Math.floor(state.clock.nowMs() / 1000);
  const asked = tokensToVerify(tokens, request, nowSeconds);
  if (asked.length === 0) return authenticate(tokens, request, nowSeconds, () => undefined);
  return Promise.all(asked.map(({ rule, token }) => state.tokenKeys.verify(rule, token))).then((verdicts) => {
    const faults = new Map(asked.map(({ rule, token }, at) => [`${tokens.indexOf(rule)} ${token.text}`, verdicts[at]]));
    const verdictOf = (id: string): TokenFault | undefined =>
      faults.has(id) ? faults.get(id) : { fault: 'Jwt verification fails' };
    return authenticate(tokens, request, nowSeconds, (rule, token) =>
      verdictOf(`${tokens.indexOf(rule)} ${token.text}`),
    );
  });
};

/** Gives the application the headers that a token stands for, and takes from it those that nobody vouches for. */
export const applyTokenHeaders = (
  { changes }: Extract<TokenDecision, { kind: 'accept' }>,
  editor: HeaderEditor,
): void => {
  for (const name of changes.remove) editor.remove(name);
  for (const [name, value] of changes.add) editor.add(name, value);
};
