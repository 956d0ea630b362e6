import type { MeshControl } from './control.ts';
import type { Access } from './guard.ts';

/** What a handler gets: decided to be let in, body read and parsed. */
interface Call {
  readonly control: MeshControl;
  readonly query: URLSearchParams;
  /** The JSON body of a mutation; undefined for a read. */
  readonly body: unknown;
  readonly startId: string;
  /** `http://127.0.0.1:PORT` of this server. */
  readonly url: string;
  /** Aborted when the caller has gone, or the server closes. */
  readonly signal: AbortSignal;
}

export type Reply =
  | { readonly kind: 'json'; readonly document: object }
  | { readonly kind: 'text'; readonly type: string; readonly text: string }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<object> };

/** One path of the API. */
export interface Route {
  readonly path: string;
  readonly access: Access;
  answer(call: Call): Promise<Reply>;
}
