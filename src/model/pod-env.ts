import type { Mesh } from './mesh.ts';
import type { Container, EnvVar } from './schema/generated/types-kubernetes.ts';

/** What the downward API can tell about a pod before it runs. */
export interface PodFacts {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly nodeName: string | undefined;
}

/**
 * The environment of a container: `envFrom`, then `env`, with `$(NAME)` references to earlier variables expanded.
 * Variables whose source is not in the input (a ConfigMap, a Secret, the pod's address) are left out.
 */
export const containerEnv = (container: Container, pod: PodFacts, mesh: Mesh): Readonly<Record<string, string>> => {
  const env = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const name = configMapRef?.name ?? secretRef?.name ?? '';
    const data =
      configMapRef === undefined ? secretData(mesh, pod.namespace, name) : configData(mesh, pod.namespace, name);
    for (const [key, value] of data) env.set(`${prefix}${key}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, pod, mesh);
    if (value !== undefined) env.set(variable.name, variable.value === undefined ? value : expand(value, env));
  }
  return Object.fromEntries(env);
};

const variableValue = ({ value, valueFrom }: EnvVar, pod: PodFacts, mesh: Mesh): string | undefined => {
  if (valueFrom === undefined) return value ?? '';
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldOf(fieldRef.fieldPath, pod);
  if (configMapKeyRef !== undefined) {
    return configData(mesh, pod.namespace, configMapKeyRef.name ?? '').get(configMapKeyRef.key);
  }
  return secretKeyRef === undefined
    ? undefined
    : secretData(mesh, pod.namespace, secretKeyRef.name ?? '').get(secretKeyRef.key);
};

const fieldOf = (path: string, pod: PodFacts): string | undefined => {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (entry !== null) {
    const values = entry[1] === 'labels' ? pod.labels : pod.annotations;
    return new Map(Object.entries(values)).get(entry[2] ?? '') ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.name;
    case 'metadata.namespace':
      return pod.namespace;
    case 'spec.serviceAccountName':
      return pod.serviceAccount;
    case 'spec.nodeName':
      return pod.nodeName;
    default:
      return undefined;
  }
};

/** The entries of a ConfigMap; empty where there is none of that name. */
export const configData = (mesh: Mesh, namespace: string, name: string): ReadonlyMap<string, string> =>
  new Map(Object.entries(mesh.find('ConfigMap', namespace, name)?.object.data ?? {}));

/** The entries of a Secret, decoded; empty where there is none of that name. */
export const secretData = (mesh: Mesh, namespace: string, name: string): ReadonlyMap<string, string> => {
  const secret = mesh.find('Secret', namespace, name)?.object;
  const decoded = Object.entries(secret?.data ?? {}).flatMap(([key, value]): [string, string][] => {
    const text = decodeBase64(value);
    return text === undefined ? [] : [[key, text]];
  });
  return new Map([...decoded, ...Object.entries(secret?.stringData ?? {})]);
};

const decodeBase64 = (value: string): string | undefined =>
  /[^A-Za-z0-9+/=\s]/.test(value) ? undefined : Buffer.from(value, 'base64').toString('utf8');

/** The longest environment variable Linux hands to a process. */
const MAX_VALUE_LENGTH = 128 * 1024;

/**
 * Kubernetes expands only variables defined before, and `$$(NAME)` stays literally `$(NAME)`. A value that would grow
 * too long for any process (variables that double each other) stays as written.
 */
const expand = (value: string, env: ReadonlyMap<string, string>): string => {
  const expanded = value.replace(/\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)/g, (all, name: string | undefined) =>
    name === undefined ? '$' : (env.get(name) ?? all),
  );
  return expanded.length > MAX_VALUE_LENGTH ? value : expanded;
};
