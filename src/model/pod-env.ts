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
    for (const [key, value] of Object.entries(data)) env.set(`${prefix}${key}`, value);
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
    return configData(mesh, pod.namespace, configMapKeyRef.name ?? '')[configMapKeyRef.key];
  }
  return secretKeyRef === undefined
    ? undefined
    : secretData(mesh, pod.namespace, secretKeyRef.name ?? '')[secretKeyRef.key];
};

const fieldOf = (path: string, pod: PodFacts): string | undefined => {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (entry !== null) return (entry[1] === 'labels' ? pod.labels : pod.annotations)[entry[2] ?? ''] ?? '';
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

const configData = (mesh: Mesh, namespace: string, name: string): Readonly<Record<string, string>> =>
  mesh.find('ConfigMap', namespace, name)?.object.data ?? {};

const secretData = (mesh: Mesh, namespace: string, name: string): Readonly<Record<string, string>> => {
  const secret = mesh.find('Secret', namespace, name)?.object;
  const decoded = Object.entries(secret?.data ?? {}).flatMap(([key, value]): [string, string][] => {
    const text = decodeBase64(value);
    return text === undefined ? [] : [[key, text]];
  });
  return { ...Object.fromEntries(decoded), ...secret?.stringData };
};

const decodeBase64 = (value: string): string | undefined =>
  /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) ? Buffer.from(value, 'base64').toString('utf8') : undefined;

/** Kubernetes expands only variables defined before, and `$$(NAME)` stays literally `$(NAME)`. */
const expand = (value: string, env: ReadonlyMap<string, string>): string =>
  value.replace(/\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)/g, (all, name: string | undefined) =>
    name === undefined ? '$' : (env.get(name) ?? all),
  );
