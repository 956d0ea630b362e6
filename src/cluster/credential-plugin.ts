import { spawn } from 'node:child_process';
import { Fault } from '../base/fault.ts';
import type { Deadline } from './deadline.ts';
import { interruptedFault } from './errors.ts';
import { type Fields, textAt } from './kubeconfig.ts';

/** What a credential plugin answered: `ExecCredential.status`. */
export interface Credential {
  readonly token: string;
  /** PEM, as the key. */
  readonly certificate: string;
  readonly key: string;
  /** Milliseconds since 1970; undefined where it has no end. */
  readonly expiresAt: number | undefined;
}

/** The part of a kubeconfig's user that says which program knows the credentials: `user.exec`. */
interface Plugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly apiVersion: string;
  readonly installHint: string;
}

const MOST_OUTPUT = 1024 * 1024;

const entriesOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : []);

/** The plugin of `user.exec`, with the environment it runs in; undefined where the user has none. */
const pluginOf = (user: Fields, env: Readonly<Record<string, string | undefined>>): Plugin | undefined => {
  const exec = user['exec'];
  if (typeof exec !== 'object' || exec === null) return undefined;
  const fields = exec as Fields;
  const apiVersion = textAt(fields, 'apiVersion') || 'client.authentication.k8s.io/v1';
  return {
    command: textAt(fields, 'command'),
    args: Array.isArray(fields['args']) ? fields['args'].map(String) : [],
    env: {
      ...env,
      ...Object.fromEntries(entriesOf(fields['env']).map((entry) => [textAt(entry, 'name'), textAt(entry, 'value')])),
      KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } }),
    },
    apiVersion,
    installHint: textAt(fields, 'installHint'),
  };
};

const pluginFault = (plugin: Plugin, what: string, cause?: unknown): Fault =>
  new Fault(`credential plugin "${plugin.command}" of the kubeconfig ${what}`, {
    kind: 'denied',
    code: 'CREDENTIAL_PLUGIN_FAILED',
    hint: plugin.installHint.trim().split('\n')[0] || `run "${plugin.command}" by hand, or log in to the cluster again`,
    ...(cause === undefined ? {} : { cause }),
  });

/** What the plugin printed; ended by force when the call's time is over. */
const outputOf = (plugin: Plugin, deadline: Deadline): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args, {
      env: plugin.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: deadline.signal,
      killSignal: 'SIGKILL',
    });
    let printed = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.length > MOST_OUTPUT) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MOST_OUTPUT);
    });
    child.on('error', (cause) => {
      // A grandchild may hold the pipes open for ever: nothing more is wanted of them.
      child.stdout.destroy();
      child.stderr.destroy();
      if (!deadline.signal.aborted)
        reject(
          pluginFault(plugin, 'code' in cause && cause.code === 'ENOENT' ? 'is not installed' : 'cannot be run', cause),
        );
      else if (deadline.isTimeout()) reject(pluginFault(plugin, `did not answer within ${deadline.timeoutMs / 1000}s`));
      else reject(interruptedFault(`run credential plugin "${plugin.command}"`));
    });
    child.on('close', (code, signal) => {
      const last = complaint.trim().split('\n').at(-1) ?? '';
      if (printed.length > MOST_OUTPUT) reject(pluginFault(plugin, 'printed too much'));
      else if (code === 0) resolve(printed);
      else reject(pluginFault(plugin, `failed (${signal ?? `exit code ${code}`})${last === '' ? '' : `: ${last}`}`));
    });
  });

const readCredential = (plugin: Plugin, printed: string): Credential => {
  // The output may hold secrets: it is not quoted.
  const garbled = pluginFault(plugin, `did not print an ExecCredential of ${plugin.apiVersion}`);
  let status: unknown;
  try {
    status = JSON.parse(printed)?.status;
  } catch {
    throw garbled;
  }
  if (typeof status !== 'object' || status === null) throw garbled;
  const fields = status as Fields;
  const expires = Date.parse(textAt(fields, 'expirationTimestamp'));
  const credential = {
    token: textAt(fields, 'token'),
    certificate: textAt(fields, 'clientCertificateData'),
    key: textAt(fields, 'clientKeyData'),
    expiresAt: Number.isNaN(expires) ? undefined : expires,
  };
  if (credential.token === '' && credential.certificate === '') throw garbled;
  return credential;
};

/** Runs `user.exec` when its last answer is over; undefined where the user has no plugin. */
export const createCredentials = (
  user: Fields,
  env: Readonly<Record<string, string | undefined>>,
): ((deadline: Deadline) => Promise<Credential | undefined>) => {
  const plugin = pluginOf(user, env);
  if (plugin === undefined) return async () => undefined;
  let known: Promise<Credential> | undefined;
  return async (deadline) => {
    const last = await known;
    if (last?.expiresAt !== undefined && last.expiresAt <= Date.now()) known = undefined;
    known ??= outputOf(plugin, deadline).then((printed) => readCredential(plugin, printed));
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
};
