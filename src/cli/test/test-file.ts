import type { Problem } from '../../base/problem.ts';
import type { Span } from '../../base/span.ts';
import type { SourceText } from '../../yaml/source-text.ts';

/** One file of tests, its lists multiplied out. */
export interface TestFile {
  readonly source: SourceText;
  /** Relative to the file; undefined where it names none. */
  readonly files: readonly string[] | undefined;
  /** 0..100. */
  readonly failUnder: number | undefined;
  readonly cases: readonly TestCase[];
  readonly invariants: readonly Invariant[];
  readonly problems: readonly Problem[];
}

export interface TestCase {
  readonly name: string;
  readonly span: Span;
  readonly request: TestRequest;
  readonly expect: Expectation;
  /** It passes when the expectation does not hold. */
  readonly isNegated: boolean;
}

/** What holds for every request of a class. */
export interface Invariant {
  readonly name: string;
  readonly span: Span;
  readonly requests: RequestClass;
  readonly expect: Expectation;
  /** The expectation holds for none of them. */
  readonly isNegated: boolean;
}

/** Patterns, of which one must fit; a list that is empty fits all. */
export interface RequestClass {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly methods: readonly string[];
  readonly from: Client | undefined;
  readonly gateway: string | undefined;
}

export interface TestRequest {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly headers: Readonly<Record<string, string>>;
  readonly from: Client | undefined;
  readonly gateway: string | undefined;
  readonly port: number | undefined;
  /** What the authorizers on the way are taken to say. */
  readonly authorizers: 'allow' | 'deny';
}

export interface Client {
  readonly namespace?: string;
  readonly workload?: string;
  readonly serviceAccount?: string;
}

/** Key `expect`; definition.ts says what each key means. Durations are texts such as `2s`. */
export interface Expectation {
  readonly status?: number;
  readonly flags?: string;
  readonly host?: string;
  readonly port?: number;
  readonly subset?: string;
  readonly cluster?: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly redirect?: { readonly code?: number; readonly location?: string };
  readonly rewritePath?: string;
  readonly rewriteHost?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly withoutHeaders?: readonly string[];
  readonly authz?: 'allow' | 'deny';
  readonly policy?: string;
  readonly timeout?: string;
  readonly retries?: number;
  readonly mirror?: { readonly host?: string; readonly subset?: string; readonly percent?: number };
  readonly fault?: {
    readonly delay?: { readonly duration?: string; readonly percent?: number };
    readonly abort?: { readonly status?: number; readonly percent?: number };
  };
}
