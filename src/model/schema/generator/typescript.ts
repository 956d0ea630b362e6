import type { Schema } from '../schema.ts';

export interface TypeRoot {
  /** TypeScript name, which is the KindName. */
  readonly name: string;
  /** Undefined for a message, which has no apiVersion, kind and metadata. */
  readonly kind: string | undefined;
  readonly schema: Schema;
}

/** Shapes that many kinds share, by the path of their most prominent use. */
const SHAPE_NAMES: ReadonlyMap<string, string> = new Map([
  ['DestinationRuleTrafficPolicy', 'TrafficPolicy'],
  ['TrafficPolicyConnectionPool', 'ConnectionPool'],
  ['TrafficPolicyLoadBalancer', 'LoadBalancer'],
  ['TrafficPolicyOutlierDetection', 'OutlierDetection'],
  ['TrafficPolicyTls', 'ClientTls'],
  ['VirtualServiceHttpMatchUri', 'StringMatch'],
  ['VirtualServiceHttpRouteDestination', 'Destination'],
  ['VirtualServiceHttpHeaders', 'HeaderOperations'],
  ['VirtualServiceHttpMirrorPercentage', 'Percent'],
  ['DestinationPort', 'PortSelector'],
  ['AuthorizationPolicyTargetRef', 'PolicyTargetReference'],
  ['AuthorizationPolicySelector', 'WorkloadSelector'],
  ['HTTPRouteParentRef', 'ParentReference'],
  ['HTTPRouteRuleFilter', 'HTTPRouteFilter'],
  ['HTTPRouteRuleBackendRef', 'HTTPBackendReference'],
  ['HTTPRouteFilterRequestMirrorBackendRef', 'BackendObjectReference'],
  ['HTTPRouteFilterRequestHeaderModifier', 'HeaderModifier'],
  ['TLSRouteRuleBackendRef', 'BackendReference'],
  ['KubernetesGatewayListener', 'KubernetesGatewayListener'],
  ['KubernetesGatewayListenerAllowedRoutes', 'AllowedRoutes'],
  ['AllowedRoutesNamespacesSelector', 'LabelSelector'],
  ['LabelSelectorMatchExpression', 'LabelSelectorRequirement'],
]);

/**
 * Prints read-only interfaces: one per root and one per nested object, named by its path without `spec`
 * (`VirtualServiceHttpMatch`); equal shapes are one interface, short ones stay inline.
 */
export const printTypes = (
  header: string,
  roots: readonly TypeRoot[],
  definitions: Readonly<Record<string, Schema>>,
): string => {
  const interfaces = new Map<string, string>();
  const names = nameShapes(roots);

  const typeOf = (schema: Schema, hint: string): string => {
    if (schema.ref !== undefined) {
      const target = definitions[schema.ref];
      if (target === undefined) throw new Error(`unresolved ${schema.ref}`);
      if (target.properties === undefined) return typeOf(target, schema.ref);
      if (!interfaces.has(schema.ref)) {
        interfaces.set(schema.ref, '');
        interfaces.set(schema.ref, body(target, schema.ref));
      }
      return schema.ref;
    }
    if (schema.intOrString === true) return 'string | number';
    if (schema.enum !== undefined)
      return schema.enum.map((value) => JSON.stringify(value).replaceAll('"', "'")).join(' | ');
    switch (schema.type) {
      case 'array':
        return `readonly ${wrap(typeOf(schema.items ?? {}, singular(hint)))}[]`;
      case 'object':
        return objectType(schema, hint);
      case 'integer':
      case 'number':
        return 'number';
      case 'string':
      case 'boolean':
        return schema.type;
      default:
        return schema.properties === undefined ? 'unknown' : objectType(schema, hint);
    }
  };
  const objectType = (schema: Schema, hint: string): string => {
    if (schema.properties === undefined) {
      return `Readonly<Record<string, ${schema.values === undefined ? 'unknown' : typeOf(schema.values, singular(hint))}>>`;
    }
    const name = names.get(shapeOf(schema)) ?? hint;
    if (interfaces.has(name)) return name;
    const text = body(schema, name);
    const flat = text.replace(/\n\s*/g, ' ');
    if (name === hint && flat.length <= 80 && !isKindSpec(hint)) return flat.replace('; }', ' }');
    interfaces.set(name, text);
    return name;
  };
  const body = (schema: Schema, hint: string): string => {
    const lines = Object.entries(schema.properties ?? {}).map(([key, value]) => {
      const optional = schema.required?.includes(key) === true ? '' : '?';
      const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`;
      return `  readonly ${name}${optional}: ${typeOf(value, key === 'spec' ? `${hint}Spec` : pathName(hint, key))};`;
    });
    return `{\n${lines.join('\n')}\n}`;
  };

  const kinds = roots.map(({ name, kind, schema }) => {
    const lines = Object.entries(schema.properties ?? {})
      .filter(([key]) => !['apiVersion', 'kind', 'metadata'].includes(key))
      .map(([key, value]) => {
        const optional = schema.required?.includes(key) === true ? '' : '?';
        return `  readonly ${key}${optional}: ${typeOf(value, pathName(name, key))};`;
      });
    if (kind === undefined) return `export interface ${name} {\n${lines.join('\n')}\n}\n`;
    const head = `  readonly apiVersion: string;\n  readonly kind: '${kind}';\n  readonly metadata: ObjectMeta;`;
    return `export interface ${name} {\n${[head, ...lines].join('\n')}\n}\n`;
  });
  const nested = [...interfaces].map(([name, text]) => `export interface ${name} ${text}\n`);
  const isKinds = roots.some(({ kind }) => kind !== undefined);
  return `${header}${isKinds ? "import type { ObjectMeta } from '../../resource.ts';\n" : ''}\n${[...kinds, ...nested].join('\n')}`;
};

/** The shortest path that leads to each object shape, so that a shared one is called after its most prominent place. */
const nameShapes = (roots: readonly TypeRoot[]): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  const fixed = new Set(SHAPE_NAMES.values());
  const visit = (schema: Schema, path: string): void => {
    if (schema.items !== undefined) visit(schema.items, singular(path));
    if (schema.values !== undefined) visit(schema.values, singular(path));
    if (schema.properties === undefined) return;
    const shape = shapeOf(schema);
    const known = names.get(shape);
    const hint = SHAPE_NAMES.get(path) ?? path;
    if (known === undefined || (!fixed.has(known) && (fixed.has(hint) || hint.length < known.length))) {
      names.set(shape, hint);
    }
    for (const [key, value] of Object.entries(schema.properties)) visit(value, pathName(names.get(shape) ?? hint, key));
  };
  for (const { name, schema } of roots) {
    for (const [key, value] of Object.entries(schema.properties ?? {})) visit(value, pathName(name, key));
  }
  return names;
};

/** What the printed type of an object depends on, and nothing else of its schema. */
const shapeOf = (schema: Schema): string => {
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).map(
      ([key, value]) => `${key}${schema.required?.includes(key) === true ? '' : '?'}:${shapeOf(value)}`,
    );
    return `{${fields.join()}}`;
  }
  if (schema.items !== undefined) return `[${shapeOf(schema.items)}]`;
  if (schema.values !== undefined) return `<${shapeOf(schema.values)}>`;
  return `${schema.intOrString === true ? 'int-or-string' : schema.type}${JSON.stringify(schema.enum ?? [])}${schema.nullable}`;
};

const isKindSpec = (name: string): boolean => name.endsWith('Spec');

const wrap = (type: string): string => (type.includes('|') || type.startsWith('readonly ') ? `(${type})` : type);

const pathName = (hint: string, key: string): string => {
  const pascal = key.replace(/(^|[^A-Za-z0-9])([A-Za-z0-9])/g, (_all, _sep, letter: string) => letter.toUpperCase());
  return `${hint.replace(/Spec$/, '')}${pascal}`;
};

const singular = (name: string): string =>
  name.endsWith('ies')
    ? `${name.slice(0, -3)}y`
    : /(ss|x|ch|sh)es$/.test(name)
      ? name.slice(0, -2)
      : /[^s]s$/.test(name) && !name.endsWith('Tls')
        ? name.slice(0, -1)
        : name;
