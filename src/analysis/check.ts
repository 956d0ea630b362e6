import { shorten } from '../base/shorten.ts';
import type { Span } from '../base/span.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Pod } from '../model/pod.ts';
import { type Resource, resourceId } from '../model/resource.ts';
import { spanOf } from '../yaml/located.ts';
import type { Finding, Fix, SecondaryLabel } from './finding.ts';
import { type Code, MESSAGES, type MessageArguments } from './messages.ts';

/** What another cluster of the same mesh holds. */
export interface Cluster {
  readonly name: string;
  readonly mesh: Mesh;
}

/** Everything a check may look at. */
export interface AnalysisInput {
  readonly mesh: Mesh;
  /** The pods the workloads of the input would have in a cluster, with the decision about their sidecar. */
  readonly pods: readonly Pod[];
  /** The networks of a multi-network mesh, an object `MeshNetworks istio-system/meshnetworks`; undefined if not given. */
  readonly meshNetworks?: Resource | undefined;
  /** The other clusters of a multi-cluster mesh; only what clusters must agree about is looked at in them. */
  readonly clusters?: readonly Cluster[];
  /** What is wrong with a certificate in PEM today, in words; undefined if nothing is. Without it none is judged. */
  readonly judgeCertificate?: ((pem: string) => string | undefined) | undefined;
}

/** One rule of the lint: finds what it knows of and nothing else; never throws for what a user can write. */
export interface Check {
  /** Istio's name where Istio has the check (`virtualservice.GatewayAnalyzer`), what `--analyzer` takes. */
  readonly name: string;
  /** One sentence for `analyze --list`. */
  readonly summary: string;
  readonly emits: readonly Code[];
  run(input: AnalysisInput): Iterable<Finding>;
}

/** Declares a check; its page `<name>.md` beside its file is its documentation and its test. */
export const defineCheck = (check: Check): Check => check;

/** Where a finding stands: a container of the object and a key in it, a span, or nothing for the whole document. */
export interface Place {
  readonly in?: object;
  readonly key?: string | number;
  readonly part?: 'key' | 'value';
  readonly span?: Span;
  readonly labels?: readonly SecondaryLabel[];
  readonly effect?: string;
  readonly hint?: string;
  readonly fix?: Fix;
}

const spanOfPlace = (resource: Resource, place: Place): Span =>
  place.span ?? (place.in === undefined ? undefined : spanOf(place.in, place.key, place.part)) ?? resource.span;

const wordsOf = <C extends Code>(code: C, values: MessageArguments<C>): Pick<Finding, 'code' | 'level' | 'message'> => {
  const { level, text } = MESSAGES[code];
  const words: Readonly<Record<string, string>> = values;
  return { code, level, message: text.replace(/\{(\w+)\}/g, (_, name: string) => shorten(words[name] ?? '')) };
};

const detailsOf = ({ labels = [], effect, hint, fix }: Place): Pick<Finding, 'labels' | 'effect' | 'hint' | 'fix'> => ({
  labels,
  effect,
  hint,
  fix,
});

/** A finding about an object, in the words of the catalogue. */
export const finding = <C extends Code>(
  code: C,
  resource: Resource,
  values: MessageArguments<C>,
  place: Place = {},
): Finding => ({
  ...wordsOf(code, values),
  resource,
  origin: resourceId(resource),
  span: spanOfPlace(resource, place),
  ...detailsOf(place),
});

/** A finding about a stretch of text that belongs to no object; `origin` says what it is about. */
export const findingAt = <C extends Code>(
  code: C,
  origin: string,
  values: MessageArguments<C>,
  place: Place & { readonly span: Span },
): Finding => ({
  ...wordsOf(code, values),
  resource: undefined,
  origin,
  span: place.span,
  ...detailsOf(place),
});
