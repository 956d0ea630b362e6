import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import { formatSpan } from '../base/span.ts';
import { loadYaml } from '../yaml/load.ts';

/** Where kubeconfigs are looked for, and which context of theirs is wanted. */
export interface ContextChoice {
  /** `--kubeconfig`: this file and no other. */
  readonly kubeconfig: string | undefined;
  /** `--context`; the current one where absent. */
  readonly context: string | undefined;
  /** KUBECONFIG (a list of files), HOME. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** One context with what it names, in the fields of the file format; its paths are absolute. */
export interface ChosenContext {
  readonly context: string;
  readonly namespace: string;
  readonly cluster: Fields & { readonly server: string };
  readonly user: Fields;
}

/** A named entry and the directory its relative paths start from. */
interface Entry {
  readonly fields: Fields;
  readonly directory: string;
}

interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** The text at a key; empty where it is no text. */
export const textAt = (fields: Fields, key: string): string => {
  const value = fields[key];
  return typeof value === 'string' ? value : '';
};

const invalid = (message: string, cause?: unknown): Fault =>
  new Fault(message, {
    kind: 'config',
    code: 'KUBECONFIG_INVALID',
    hint: 'correct the file, or name another with --kubeconfig',
    ...(cause === undefined ? {} : { cause }),
  });

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The document of a kubeconfig; undefined where there is no such file, which a list of files may have. */
const readDocument = async (file: string): Promise<Fields | undefined> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw invalid(`cannot read kubeconfig ${file}: ${error instanceof Error ? error.message : error}`, error);
  }
  const { documents, problems } = loadYaml({ name: file, text });
  const [problem] = problems.filter(({ severity }) => severity === 'error');
  if (problem !== undefined)
    throw invalid(
      `kubeconfig ${problem.span === undefined ? file : formatSpan(problem.span)} is not readable: ${problem.message}`,
    );
  const value = documents[0]?.value;
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`${file} is no kubeconfig: it is no mapping`);
  return value as Fields;
};

/** Entries of `clusters`, `users` or `contexts` by name; what `into` has already stays, as with kubectl. */
const collect = (document: Fields, list: string, field: string, directory: string, into: Map<string, Entry>): void => {
  const entries = document[list];
  for (const entry of Array.isArray(entries) ? entries : []) {
    const name = textAt(fieldsOf(entry), 'name');
    if (!into.has(name)) into.set(name, { fields: fieldsOf(fieldsOf(entry)[field]), directory });
  }
};

const filesOf = ({ kubeconfig, env, cwd }: ContextChoice): readonly string[] => {
  if (kubeconfig !== undefined && kubeconfig !== '') return [resolve(cwd, kubeconfig)];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) return listed.map((file) => resolve(cwd, file));
  const home = env['HOME'] ?? env['USERPROFILE'];
  return home === undefined || home === '' ? [] : [join(home, '.kube', 'config')];
};

/** Every file there is, merged: of entries with one name the first counts, and the first current context. */
const readKubeconfig = async (choice: ContextChoice): Promise<Kubeconfig | undefined> => {
  const files = filesOf(choice);
  const contexts = new Map<string, Entry>();
  const clusters = new Map<string, Entry>();
  const users = new Map<string, Entry>();
  const found: string[] = [];
  let currentContext = '';
  for (const file of files) {
    const document = await readDocument(file);
    if (document === undefined) continue;
    found.push(file);
    currentContext ||= textAt(document, 'current-context');
    collect(document, 'contexts', 'context', dirname(file), contexts);
    collect(document, 'clusters', 'cluster', dirname(file), clusters);
    collect(document, 'users', 'user', dirname(file), users);
  }
  if (found.length > 0) return { files: found, currentContext, contexts, clusters, users };
  if (choice.kubeconfig !== undefined && choice.kubeconfig !== '')
    throw new Fault(`there is no kubeconfig ${choice.kubeconfig}`, {
      kind: 'usage',
      code: 'KUBECONFIG_MISSING',
      hint: 'correct --kubeconfig, or leave it out to use KUBECONFIG or ~/.kube/config',
    });
  return undefined;
};

const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

const withAbsolutePaths = ({ fields, directory }: Entry): Fields => {
  const paths = PATHS.filter((key) => textAt(fields, key) !== '').map((key) => [
    key,
    resolve(directory, textAt(fields, key)),
  ]);
  const exec = fieldsOf(fields['exec']);
  const command = textAt(exec, 'command');
  // A bare name is searched on PATH; with a slash it is a path beside the kubeconfig.
  const plugin = /[/\\]/.test(command) ? { exec: { ...exec, command: resolve(directory, command) } } : {};
  return { ...fields, ...Object.fromEntries(paths), ...plugin };
};

const noCluster = (message: string): Fault =>
  new Fault(message, {
    kind: 'unreachable',
    code: 'NO_CLUSTER',
    hint: 'name a kubeconfig with --kubeconfig or KUBECONFIG, and a context with --context',
  });

const contextNamed = (wanted: string | undefined, config: Kubeconfig): readonly [string, Entry] => {
  const names = [...config.contexts.keys()];
  const files = config.files.join(', ');
  const asked = wanted === undefined || wanted === '' ? undefined : wanted;
  if (names.length === 0 && asked === undefined) throw noCluster(`kubeconfig ${files} has no context`);
  if (asked === undefined && config.currentContext === '')
    throw noCluster(`kubeconfig ${files} has no current context (there are: ${names.sort().join(', ')})`);
  const name = asked ?? config.currentContext;
  const entry = config.contexts.get(name);
  if (entry !== undefined) return [name, entry];
  const near = suggest(name, names);
  const known = names.length === 0 ? 'there is none' : `there are: ${names.sort().join(', ')}`;
  throw new Fault(`context "${name}" does not exist in kubeconfig ${files}`, {
    kind: asked === undefined ? 'config' : 'usage',
    code: 'UNKNOWN_CONTEXT',
    hint: near === undefined ? known : `did you mean "${near}"? (${known})`,
  });
};

/** The context that is asked for; undefined where there is no kubeconfig at all. */
export const chooseContext = async (choice: ContextChoice): Promise<ChosenContext | undefined> => {
  const config = await readKubeconfig(choice);
  if (config === undefined) return undefined;
  const [context, { fields }] = contextNamed(choice.context, config);
  const cluster = config.clusters.get(textAt(fields, 'cluster'));
  if (cluster === undefined)
    throw invalid(
      `context "${context}" of ${config.files.join(', ')} names the cluster "${textAt(fields, 'cluster')}", which is not there`,
    );
  const userName = textAt(fields, 'user');
  const user = config.users.get(userName);
  if (user === undefined && userName !== '')
    throw invalid(
      `context "${context}" of ${config.files.join(', ')} names the user "${userName}", which is not there`,
    );
  const server = textAt(cluster.fields, 'server');
  if (!/^https?:\/\//.test(server) || !URL.canParse(server))
    throw invalid(
      `cluster "${textAt(fields, 'cluster')}" of ${config.files.join(', ')} has no address: server is "${server}"`,
    );
  return {
    context,
    namespace: textAt(fields, 'namespace') || 'default',
    cluster: { ...withAbsolutePaths(cluster), server: server.replace(/\/+$/, '') },
    user: user === undefined ? {} : withAbsolutePaths(user),
  };
};

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server of the pod this runs in, through the pod's service account; undefined outside of pods. */
export const contextInPod = async (env: ContextChoice['env']): Promise<ChosenContext | undefined> => {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') return undefined;
  const namespace = await readFile(join(SERVICE_ACCOUNT, 'namespace'), 'utf8').catch(() => undefined);
  if (namespace === undefined) return undefined;
  return {
    context: '',
    namespace: namespace.trim(),
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      'certificate-authority': join(SERVICE_ACCOUNT, 'ca.crt'),
    },
    user: { tokenFile: join(SERVICE_ACCOUNT, 'token') },
  };
};

/** The Fault where there is neither a kubeconfig nor a pod's service account. */
export const noKubeconfig = (choice: ContextChoice): Fault => {
  const files = filesOf(choice);
  return noCluster(
    files.length === 0 ? 'there is no kubeconfig' : `there is no kubeconfig: ${files.join(', ')} does not exist`,
  );
};
