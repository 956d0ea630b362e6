import { hasErrors, type Problem } from '../../base/problem.ts';
import type { Span } from '../../base/span.ts';
import { decodeDocuments } from '../../model/decode.ts';
import { type IstioOperator, type KindName, kindOf } from '../../model/kinds.ts';
import { readMeshConfig } from '../../model/mesh-config.ts';
import { schemaKey } from '../../model/metadata.ts';
import { type Resource, resourceId } from '../../model/resource.ts';
import type { ConfigMap, Service } from '../../model/schema/generated/types-kubernetes.ts';
import { loadSchemas } from '../../model/schema/load.ts';
import { isObject } from '../../model/value.ts';
import type { LoadedDocument } from '../../yaml/load.ts';
import { spanOf } from '../../yaml/located.ts';
import { spanOfPath } from '../../yaml/span-of-path.ts';
import { reviewIstioOperator } from './istio-operator.ts';
import { reviewResource } from './kinds.ts';
import { meshConfigRemarks } from './mesh-config-value.ts';
import { type At, type Remark, Review } from './review.ts';
import { reviewPortNames, reviewServicePorts } from './service.ts';

/**
 * Who refuses an object: the API server by the structure and CEL rules of its schema, Istio's admission webhook, istiod
 * when it reads the mesh configuration, or Istio's command line, which is stricter than a cluster about port names and
 * installations.
 */
export type Refuser = 'schema' | 'webhook' | 'istiod' | 'istioctl';

export interface Verdict {
  /** `VirtualService default/reviews`; undefined for what cannot be told apart. */
  readonly resource: string | undefined;
  readonly span: Span;
  /** `unknown`: the kind is not one heddle knows, and its content was not looked at. */
  readonly verdict: 'valid' | 'invalid' | 'unknown';
  readonly refusedBy: Refuser | undefined;
  /** Errors of one refuser, who is the first one asked that refuses; warnings of the webhook. */
  readonly problems: readonly Problem[];
}

export interface ValidateOptions {
  /** Namespace of objects that name none: `default` unless told otherwise. */
  readonly defaultNamespace?: string;
}

/** What a cluster with Istio would say to each object, in input order; the items of lists stand for themselves. */
export const validateDocuments = async (
  documents: readonly LoadedDocument[],
  options: ValidateOptions = {},
): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const object of documents.flatMap(flatten)) verdicts.push(await validateObject(object, options));
  return verdicts;
};

const isWithin = (inner: Span | undefined, outer: Span): boolean => {
  if (inner === undefined) return false;
  const isAfterStart = inner.line > outer.line || (inner.line === outer.line && inner.column >= outer.column);
  return (
    isAfterStart && (inner.line < outer.endLine || (inner.line === outer.endLine && inner.column <= outer.endColumn))
  );
};

/** One document for each object: lists are taken apart, and each item keeps the problems of its own lines. */
const flatten = (document: LoadedDocument): readonly LoadedDocument[] => {
  const { value } = document;
  const items = isObject(value) ? value['items'] : undefined;
  const isList = isObject(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List');
  if (!isList || !Array.isArray(items)) return [document];
  return items.map((item: unknown, index) => {
    const span = spanOf(items, index) ?? document.span;
    return {
      ...document,
      value: item,
      span,
      problems: document.problems.filter((found) => isWithin(found.span, span)),
    };
  });
};

const validateObject = async (document: LoadedDocument, options: ValidateOptions): Promise<Verdict> => {
  // A key written twice is the document's problem; the object is decoded all the same, to tell the rest.
  const decoded = await decodeDocuments([{ ...document, problems: [] }], options);
  const found = [...document.problems, ...decoded.problems];
  const [resource] = decoded.resources;
  const span = resource?.span ?? document.span;
  const name =
    resource === undefined ? decoded.problems.find((problem) => problem.resource)?.resource : resourceId(resource);
  if (hasErrors(found) || resource === undefined) {
    const isIgnored = !hasErrors(found) && resource === undefined;
    return verdictOf(name, span, isIgnored ? 'unknown' : 'invalid', 'schema', found);
  }
  const kind = kindOf(resource.apiVersion, resource.kind);
  if (kind === undefined) return verdictOf(name, span, 'unknown', undefined, found);
  for (const [refuser, ask] of REFUSERS) {
    const problems = await ask(resource, document, kind.name);
    found.push(...problems);
    if (hasErrors(problems)) return verdictOf(name, span, 'invalid', refuser, found);
  }
  return verdictOf(name, span, 'valid', undefined, found);
};

const verdictOf = (
  resource: string | undefined,
  span: Span,
  verdict: Verdict['verdict'],
  refuser: Refuser | undefined,
  problems: readonly Problem[],
): Verdict => {
  const named = problems.map((problem) => (resource === undefined ? problem : { ...problem, resource }));
  return { resource, span, verdict, refusedBy: verdict === 'invalid' ? refuser : undefined, problems: named };
};

type Ask = (resource: Resource, document: LoadedDocument, kind: KindName) => Promise<readonly Problem[]>;

const at = (resource: Resource, place: At): Span => spanOf(place[0], place[1], place[2]) ?? resource.span;

const CODES: Readonly<Record<Remark['kind'], string>> = {
  refusal: 'REFUSED',
  warning: 'WARNED',
  unreachable: 'UNREACHABLE_RULE',
  ineffective: 'INEFFECTIVE_MATCH',
};

const problemOf = (resource: Resource, remark: Remark, code: string = CODES[remark.kind]): Problem => ({
  severity: remark.kind === 'refusal' ? 'error' : 'warning',
  code,
  message: remark.message,
  span: at(resource, remark.at),
  ...(remark.hint !== undefined && { hint: remark.hint }),
});

const askRules: Ask = async (resource, _document, kindName) => {
  const kind = kindOf(resource.apiVersion, resource.kind);
  if (kind?.schemaSet === undefined) return [];
  if (kindName === 'Service') return reviewed(resource, reviewServicePorts, 'MISSING_FIELD');
  const set = (await loadSchemas([kind.schemaSet])).get(kind.schemaSet);
  const schema = set?.roots[schemaKey(resource.apiVersion, kind.kind)];
  // Built-in kinds have no CEL rules, and the evaluator need not be loaded.
  if (set === undefined || schema === undefined || kind.schemaSet === 'kubernetes') return [];
  const { brokenRules } = await import('./schema-rules.ts');
  return brokenRules(resource.object, schema, set).map(({ message, at: place }) => ({
    severity: 'error',
    code: 'BROKEN_RULE',
    message,
    span: at(resource, place),
  }));
};

/** What a rule of a built-in kind finds. */
const reviewed = (
  resource: Resource,
  rules: (resource: Resource<Service>, review: Review) => void,
  code: string,
): readonly Problem[] => {
  const review = new Review();
  rules(resource as Resource<Service>, review);
  return review.remarks.map((remark) => problemOf(resource, remark, code));
};

const askWebhook: Ask = async (resource) => reviewResource(resource).map((remark) => problemOf(resource, remark));

const askIstiod: Ask = async (resource, document, kindName) => {
  if (kindName !== 'IstioOperator' && kindName !== 'ConfigMap') return [];
  const set = (await loadSchemas(['mesh'])).get('mesh');
  if (set === undefined) return [];
  const read = readMeshConfig([resource], [document], set);
  const structure = read.problems.filter(({ severity }) => severity === 'error');
  if (structure.length > 0) return structure;
  return meshConfigRemarks(read.config).map(({ severity, message, path, hint }) => ({
    severity,
    code: CODES[severity === 'error' ? 'refusal' : 'warning'],
    message: `mesh configuration: ${message}`,
    span: meshConfigSpan(resource, path) ?? resource.span,
    ...(hint !== undefined && { hint }),
  }));
};

/** Where a part of a mesh configuration stands, or the nearest that holds it. */
const meshConfigSpan = ({ object }: Resource, path: readonly (string | number)[]): Span | undefined => {
  // Places in the YAML inside a ConfigMap are those of the inner text: the whole of it is shown.
  const { data } = object as ConfigMap;
  if (data?.['mesh'] !== undefined) return spanOf(data, 'mesh');
  const depths = Array.from({ length: path.length + 1 }, (_, index) => path.length - index);
  const spans = depths.map((depth) => spanOfPath(object, ['spec', 'meshConfig', ...path.slice(0, depth)]));
  return spans.find((span) => span !== undefined);
};

const askIstioctl: Ask = async (resource, _document, kindName) => {
  if (kindName === 'Service') return reviewed(resource, reviewPortNames, 'PORT_NAME');
  if (kindName !== 'IstioOperator') return [];
  const review = new Review();
  reviewIstioOperator(resource as Resource<IstioOperator>, review);
  return review.remarks.map((remark) => problemOf(resource, remark, 'UNKNOWN_FIELD'));
};

/** In the order a cluster asks them; the structure of the schema was asked first. */
const REFUSERS: readonly (readonly [Refuser, Ask])[] = [
  ['schema', askRules],
  ['webhook', askWebhook],
  ['istiod', askIstiod],
  ['istioctl', askIstioctl],
];
