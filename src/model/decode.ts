import { suggest } from '../base/distance.ts';
import type { Problem, Severity } from '../base/problem.ts';
import { hasErrors } from '../base/problem.ts';
import type { LoadedDocument } from '../yaml/load.ts';
import { copyPosition, spanOf } from '../yaml/located.ts';
import { createPlain, type Plain } from '../yaml/plain.ts';
import { KINDS, type Kind, kindOf, splitApiVersion } from './kinds.ts';
import { METADATA_SCHEMA, refuseLabel, refuseName, refuseNamespace, schemaKey, servedVersions } from './metadata.ts';
import { type KubernetesObject, type Resource, resourceId } from './resource.ts';
import { loadSchemas } from './schema/load.ts';
import type { SchemaSet, SchemaSetName } from './schema/schema.ts';
import { decodeFields, type Finding, type StructureRules } from './structure.ts';
import { describeValue, isObject } from './value.ts';

export interface DecodeOptions {
  /** The API server refuses unknown fields under strict validation, kubectl's default; `warning` keeps such objects. */
  readonly unknownFields?: 'error' | 'warning';
  /**
   * `readable` keeps objects that a cluster would refuse but a reader can hold, with a warning: a required field is
   * missing (it gets its type's zero value), a value is out of bounds, a name or label is malformed. Wrong types, enums
   * and durations and contradicting fields remain errors. Istio's analyzers read so.
   */
  readonly tolerance?: 'none' | 'readable';
  /** Namespace of namespaced objects that name none: `default` unless told otherwise. */
  readonly defaultNamespace?: string;
}

export interface Decoded {
  /** The sound objects in document order, the items of lists in place of the list. */
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
}

/** One object to decode: a document, or an item of a list. */
interface Candidate {
  readonly object: Plain;
  readonly document: LoadedDocument;
}

/**
 * Decodes documents as the API server would admit them: kind, version and metadata, then the structure against the
 * published schema, whose defaults are added. CEL rules and Istio's webhook are not part of it. An object with an error
 * is left out and the others stay. Problems come in document order.
 */
export const decodeDocuments = async (
  documents: readonly LoadedDocument[],
  options: DecodeOptions = {},
): Promise<Decoded> => {
  const entries = documents.flatMap(flatten);
  const schemas = await loadSchemas(entries.flatMap((entry) => ('object' in entry ? schemaSetOf(entry.object) : [])));
  const problems: Problem[] = [];
  const resources: Resource[] = [];
  for (const entry of entries) {
    if (!('object' in entry)) {
      problems.push(entry);
      continue;
    }
    const { object, document } = entry;
    const found: Problem[] = [];
    const resource = decodeObject(object, document, resources.length, schemas, options, found);
    for (const problem of found.sort(byPlace)) problems.push(problem);
    if (resource !== undefined && !hasErrors(found) && !hasErrors(document.problems)) resources.push(resource);
  }
  return { resources, problems };
};

const byPlace = (a: Problem, b: Problem): number =>
  (a.span?.line ?? 0) - (b.span?.line ?? 0) || (a.span?.column ?? 0) - (b.span?.column ?? 0);

/** The objects of a document, or the problems that stand for what is none. */
const flatten = (document: LoadedDocument): readonly (Candidate | Problem)[] => {
  const { value, span } = document;
  if (!isObject(value)) {
    const message = `a Kubernetes object must be a mapping, not ${describeValue(value)}`;
    return [{ severity: 'error', code: 'WRONG_TYPE', message, span }];
  }
  const isKubernetes = ['kind', 'metadata', 'spec'].some((key) => value[key] !== undefined);
  if (!isKubernetes) {
    const message = 'the document is no Kubernetes object (it has no kind, metadata or spec) and is ignored';
    return [{ severity: 'warning', code: 'NOT_KUBERNETES', message, span }];
  }
  const items = value['items'];
  const isList = typeof value['kind'] === 'string' && value['kind'].endsWith('List');
  if (!isList || !Array.isArray(items)) return [{ object: value, document }];
  return items.map((item, index) => {
    if (isObject(item)) return { object: item, document };
    const message = `items[${index}] must be a mapping, not ${describeValue(item)}`;
    return { severity: 'error', code: 'WRONG_TYPE', message, span: spanOf(items, index) ?? span };
  });
};

const schemaSetOf = (object: Plain): readonly SchemaSetName[] => {
  const { apiVersion, kind } = object;
  const known = typeof apiVersion === 'string' && typeof kind === 'string' ? kindOf(apiVersion, kind) : undefined;
  return known?.schemaSet === undefined ? [] : [known.schemaSet];
};

const TOLERABLE: ReadonlySet<string> = new Set(['MISSING_FIELD', 'BAD_VALUE', 'BAD_NAME', 'BAD_LABEL']);

/** Kubernetes' own kinds hold enums as plain strings in Go: any word can be read, only the API server refuses it. */
const holdsEnumsAsText = ({ apiVersion, kind }: Plain): boolean =>
  typeof apiVersion === 'string' && typeof kind === 'string' && kindOf(apiVersion, kind)?.schemaSet === 'kubernetes';

/** Turns findings into problems of one object. */
class Report {
  readonly #problems: Problem[];
  readonly #object: Plain;
  readonly #document: LoadedDocument;
  readonly #unknownFields: Severity;
  readonly isTolerant: boolean;
  resource: string | undefined;

  constructor(object: Plain, document: LoadedDocument, options: DecodeOptions, problems: Problem[]) {
    this.#object = object;
    this.#document = document;
    this.#problems = problems;
    this.#unknownFields = options.unknownFields ?? 'error';
    this.isTolerant = options.tolerance === 'readable';
  }

  readonly add = (finding: Finding): void => {
    const { code, isUnreadable } = finding;
    const isReadable = TOLERABLE.has(code) || (code === 'BAD_ENUM' && holdsEnumsAsText(this.#object));
    const isTolerated = this.isTolerant && isReadable && isUnreadable !== true;
    this.#push(code === 'UNKNOWN_FIELD' ? this.#unknownFields : isTolerated ? 'warning' : 'error', finding);
  };

  #push(severity: Severity, { code, message, hint, place }: Finding): void {
    this.#problems.push({
      severity,
      code,
      message,
      span: spanOf(place.container, place.key, place.part) ?? this.#document.span,
      ...(this.resource !== undefined && { resource: this.resource }),
      ...(hint !== undefined && { hint }),
    });
  }

  /** An error about a top-level key, or about the whole object when it lacks the key: then at its first key. */
  readonly atKey = (code: string, key: string, message: string, hint?: string): void => {
    const isThere = this.#object[key] !== undefined;
    const place = isThere ? key : Object.keys(this.#object)[0];
    const found: Finding = {
      code,
      message,
      hint,
      place: { container: this.#object, key: place, part: isThere ? 'value' : 'key' },
    };
    this.#push('error', found);
  };
}

const decodeObject = (
  object: Plain,
  document: LoadedDocument,
  order: number,
  schemas: ReadonlyMap<SchemaSetName, SchemaSet>,
  options: DecodeOptions,
  problems: Problem[],
): Resource | undefined => {
  const report = new Report(object, document, options, problems);
  const { apiVersion, kind: kindName } = object;
  for (const key of ['apiVersion', 'kind'] as const) {
    const value = object[key];
    if (typeof value === 'string' && value !== '') continue;
    if (value === undefined || value === null || value === '') report.atKey('MISSING_FIELD', key, `${key} is missing`);
    else report.atKey('WRONG_TYPE', key, `${key} must be a string, not ${describeValue(value)}`);
  }
  if (typeof apiVersion !== 'string' || typeof kindName !== 'string' || problems.length > 0) return undefined;
  report.resource = provisionalId(object, kindName);
  const kind = kindOf(apiVersion, kindName);
  if (!isServed(apiVersion, kindName, kind, report)) return undefined;
  const metadata = decodeMetadata(object, kind, options, report);
  if (metadata === undefined) return undefined;
  const identity = {
    kind: kindName,
    name: text(metadata['name']),
    namespace: text(metadata['namespace']),
  };
  report.resource = resourceId(identity);
  const decoded = decodeContent(object, apiVersion, kind, schemas, report);
  const whole = Object.assign(createPlain(), decoded, { metadata });
  copyPosition(object, whole);
  return {
    apiVersion,
    ...identity,
    labels: strings(metadata['labels']),
    annotations: strings(metadata['annotations']),
    // The structure was just checked; where it was not (an unknown kind) the caller only knows KubernetesObject.
    object: whole as unknown as KubernetesObject,
    order,
    span: spanOf(object) ?? document.span,
  };
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const strings = (value: unknown): Readonly<Record<string, string>> =>
  (isObject(value) ? value : createPlain()) as Readonly<Record<string, string>>;

const provisionalId = (object: Plain, kind: string): string | undefined => {
  const metadata = object['metadata'];
  if (!isObject(metadata) || typeof metadata['name'] !== 'string') return undefined;
  return resourceId({ kind, name: metadata['name'], namespace: text(metadata['namespace']) });
};

/** Kinds outside the table pass, unless their group is one that heddle knows whole. */
const isServed = (apiVersion: string, kindName: string, kind: Kind | undefined, report: Report): boolean => {
  const { group, version } = splitApiVersion(apiVersion);
  if (kind !== undefined) {
    if (kind.versions.includes(version)) return true;
    const hint = `use apiVersion: ${servedVersions(kind).join(' or ')}`;
    report.atKey('UNSERVED_VERSION', 'apiVersion', `${apiVersion} is not a served version of ${kindName}`, hint);
    return false;
  }
  const isIstio = group === 'istio.io' || group.endsWith('.istio.io');
  const elsewhere = KINDS.find((row) => row.kind === kindName && (!isIstio || row.schemaSet === 'istio'));
  const isOurGroup = isIstio || group === 'extensions' || KINDS.some((row) => row.group === group);
  if (elsewhere !== undefined && isOurGroup) {
    const hint = `use apiVersion: ${servedVersions(elsewhere).join(' or ')}`;
    report.atKey('UNSERVED_VERSION', 'apiVersion', `${apiVersion} has no kind ${kindName}`, hint);
    return false;
  }
  if (!isIstio && group !== 'gateway.networking.k8s.io') return true;
  const near = suggest(
    kindName,
    KINDS.filter((row) => row.group === group).map((row) => row.kind),
  );
  const hint = near === undefined ? undefined : `did you mean "${near}"?`;
  report.atKey('UNKNOWN_KIND', 'kind', `${apiVersion} has no kind ${kindName}`, hint);
  return false;
};

/** The metadata with its namespace filled in; undefined when the object cannot be identified. */
const decodeMetadata = (
  object: Plain,
  kind: Kind | undefined,
  options: DecodeOptions,
  report: Report,
): Plain | undefined => {
  const written = object['metadata'] ?? createPlain();
  if (!isObject(written)) {
    report.atKey('WRONG_TYPE', 'metadata', `metadata must be a mapping, not ${describeValue(written)}`);
    return undefined;
  }
  const rules: StructureRules = { definitions: {}, convention: 'kubernetes', report: report.add };
  const checked = decodeFields(written, METADATA_SCHEMA, rules, 'metadata');
  const metadata = Object.assign(createPlain(), checked);
  copyPosition(written, metadata);
  const at = (key: string) => ({ container: written, key, part: 'value' }) as const;
  const { name, namespace, labels } = metadata;
  if (name === undefined || name === '') {
    // Kinds without a schema are read by tools, not by the API server, and may go without a name.
    if (kind?.schemaSet !== undefined) {
      const hint = metadata['generateName'] === undefined ? undefined : 'generateName needs a cluster: write a name';
      report.atKey('MISSING_FIELD', 'metadata', 'metadata.name is missing', hint);
      return undefined;
    }
  } else if (typeof name === 'string' && kind !== undefined) {
    const refusal = refuseName(kind, name);
    if (refusal !== undefined) {
      report.add({ code: 'BAD_NAME', message: `metadata.name ${describeValue(name)} ${refusal}`, place: at('name') });
    }
  }
  if (kind?.scope === 'Cluster') metadata['namespace'] = undefined;
  else if (typeof namespace === 'string' && namespace !== '') {
    const refusal = refuseNamespace(namespace);
    const message = `metadata.namespace ${describeValue(namespace)} ${refusal}`;
    if (refusal !== undefined) report.add({ code: 'BAD_NAME', message, place: at('namespace') });
  } else if (kind !== undefined) metadata['namespace'] = options.defaultNamespace ?? 'default';
  if (metadata['namespace'] === undefined) delete metadata['namespace'];
  if (isObject(labels)) checkLabels(labels, report);
  return metadata;
};

const checkLabels = (labels: Plain, report: Report): void => {
  for (const key of Object.keys(labels)) {
    const value = labels[key];
    const refusal = typeof value === 'string' ? refuseLabel(key, value) : undefined;
    if (refusal === undefined) continue;
    const message = `label ${key}: ${describeValue(value)} ${refusal}`;
    report.add({ code: 'BAD_LABEL', message, place: { container: labels, key, part: 'value' } });
  }
};

const decodeContent = (
  object: Plain,
  apiVersion: string,
  kind: Kind | undefined,
  schemas: ReadonlyMap<SchemaSetName, SchemaSet>,
  report: Report,
): Plain => {
  const set = kind?.schemaSet === undefined ? undefined : schemas.get(kind.schemaSet);
  const schema = kind === undefined ? undefined : set?.roots[schemaKey(apiVersion, kind.kind)];
  if (kind === undefined || set === undefined || schema === undefined) return object;
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = object;
  const content = Object.assign(createPlain(), rest);
  copyPosition(object, content);
  const rules: StructureRules = {
    definitions: set.definitions,
    convention: kind.schemaSet === 'kubernetes' ? 'kubernetes' : 'crd',
    report: report.add,
    fillsMissing: report.isTolerant,
  };
  const decoded = decodeFields(content, schema, rules);
  return Object.assign(createPlain(), { apiVersion, kind: kind.kind }, decoded);
};
