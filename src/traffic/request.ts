import type { Claims } from './token-rules.ts';

/**
 * A request as decisions see it. The proxy implements it over the bytes it received, `explain` over what the user
 * typed; values are what Envoy would see after its own normalization of the path (see path.ts).
 */
export interface RequestHead {
  /** As sent; methods are case-sensitive. */
  readonly method: string;
  /** Path and query, normalized, beginning with `/` (or `*`). */
  readonly path: string;
  /** The Host header (or :authority) as sent, port included. */
  readonly authority: string;
  readonly scheme: string;
  /** Every line of the header in order; empty when absent. The name is lower case. */
  headerValues(name: string): readonly string[];
  /** Of its verified token; absent where none was asked for or there is none. */
  readonly claims?: Claims | undefined;
}
