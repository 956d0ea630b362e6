import { fetchText } from '../../proxy/jwt/fetch-text.ts';
import { createKeyStore } from '../../proxy/jwt/key-store.ts';
import { tokensToVerify } from '../../traffic/authenticate.ts';
import type { AskedRequest } from '../../traffic/explain/explanation.ts';
import type { MeshView } from '../../traffic/explain/mesh-view.ts';
import { groupLines, TravellingRequest } from '../../traffic/explain/request-headers.ts';
import { SIGNATURE_REFUSED, type TokenFault } from '../../traffic/jwt.ts';

/**
 * The view with what the mesh's keys say of a request's tokens. Keys that a rule has at an address are fetched from
 * there; a token whose keys cannot be had counts as refused, as it does in a mesh.
 */
export const verifyTokens = async (view: MeshView, asked: AskedRequest, nowSeconds: number): Promise<MeshView> => {
  if (view.world.mesh.of('RequestAuthentication').length === 0) return view;
  const rules = [...new Set(view.world.pods.flatMap((placed) => view.tablesOf(placed)?.tokens ?? []))];
  const request = new TravellingRequest(asked.method, asked.authority, asked.path, groupLines(asked.headers));
  const store = createKeyStore({
    monotonicMs: () => performance.now(),
    fetch: (url, timeoutMs) => fetchText(url, timeoutMs, undefined),
  });
  const verdicts = new Map<object, Map<string, TokenFault | undefined>>();
  for (const { rule, token } of tokensToVerify(rules, request, nowSeconds)) {
    const known = verdicts.get(rule) ?? new Map<string, TokenFault | undefined>();
    known.set(token.text, await store.verify(rule, token));
    verdicts.set(rule, known);
  }
  const tokens = {
    nowSeconds,
    verdictOf: (rule: object, { text }: { readonly text: string }): TokenFault | undefined => {
      const known = verdicts.get(rule);
      return known?.has(text) === true ? known.get(text) : SIGNATURE_REFUSED;
    },
  };
  return { ...view, tokens };
};
