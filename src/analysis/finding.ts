import type { Span } from '../base/span.ts';
import type { Resource } from '../model/resource.ts';
import type { TextEdit } from '../yaml/text-edit.ts';
import type { Level } from './messages.ts';

/** A second place that belongs to a finding: the other object of a conflict, the list that lacks a name. */
export interface SecondaryLabel {
  readonly span: Span;
  readonly text: string;
}

/** A replacement of one stretch of text; `yaml/edit.ts` makes them. */
export type Edit = TextEdit;

export interface Fix {
  /** What the fix does, imperative. */
  readonly title: string;
  /** Safe fixes never change what the configuration means to a cluster that takes it. */
  readonly isSafe: boolean;
  readonly edits: readonly Edit[];
}

/** One thing an analysis has to say about one object. */
export interface Finding {
  readonly code: string;
  readonly level: Level;
  /** One sentence without final period that stands alone in a log. */
  readonly message: string;
  /** The object it is about; undefined for the mesh configuration and the input as a whole. */
  readonly resource: Resource | undefined;
  /** As Istio writes an origin: `VirtualService default/reviews`, `MeshConfig`. */
  readonly origin: string;
  /** The exact place; the whole document where no field is to blame. */
  readonly span: Span;
  readonly labels: readonly SecondaryLabel[];
  /** What happens to traffic, where that is known. */
  readonly effect: string | undefined;
  /** What to do, imperative. */
  readonly hint: string | undefined;
  readonly fix: Fix | undefined;
}
