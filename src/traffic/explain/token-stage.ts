import { authenticate, type SignatureVerdict } from '../authenticate.ts';
import { describeOrigin } from '../authorize.ts';
import { SIGNATURE_REFUSED } from '../jwt.ts';
import type { ProxyTables } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import type { Step } from './explanation.ts';
import type { TravellingRequest } from './request-headers.ts';

/** What was found out about a request's tokens before it is followed. */
export interface TokenFacts {
  readonly nowSeconds: number;
  readonly verdictOf: SignatureVerdict;
}

/** Nobody looked: no token is believed. */
const UNVERIFIED: TokenFacts = { nowSeconds: 0, verdictOf: () => SIGNATURE_REFUSED };

interface TokenStage {
  readonly step: Step | undefined;
  readonly refused: { readonly status: 401 | 403; readonly policy: string } | undefined;
}

/** Asks a proxy's rules about tokens; the request goes on without its token and with its claims. */
export const askForToken = (
  facts: TokenFacts | undefined,
  { tokens }: ProxyTables,
  request: TravellingRequest,
): TokenStage => {
  if (tokens === undefined) return { step: undefined, refused: undefined };
  const { nowSeconds, verdictOf } = facts ?? UNVERIFIED;
  const decision = authenticate(tokens, request, nowSeconds, verdictOf);
  if (decision.kind === 'refuse') {
    const { status, message, by } = decision;
    const step: Step = { stage: 'token', decision: `refused with ${status}: ${message}`, ...sourceOf(by) };
    return { step, refused: { status, policy: describeOrigin(by) } };
  }
  for (const name of decision.changes.remove) request.remove(name);
  for (const [name, value] of decision.changes.add) request.add(name, value);
  request.path = decision.changes.path;
  request.claims = decision.claims;
  const who =
    decision.claims === undefined
      ? 'none, which is allowed'
      : `good, of ${claimText(decision.claims['iss'])}/${claimText(decision.claims['sub'])}`;
  return { step: { stage: 'token', decision: who, ...sourceOf(decision.by) }, refused: undefined };
};

const claimText = (value: unknown): string => (typeof value === 'string' ? value : '');
