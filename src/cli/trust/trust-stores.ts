import { join } from 'node:path';

/** Stands in a command for the path of a file with the certificate alone. */
export const CERTIFICATE_FILE = '{certificate}';

export type TrustStep =
  | { readonly kind: 'write'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'run'; readonly command: readonly [string, ...string[]] };

/** One place where programs of this machine look up whom to trust. */
export interface TrustStore {
  /** For a person: what it is and where. */
  readonly name: string;
  readonly trust: readonly TrustStep[];
  readonly untrust: readonly TrustStep[];
}

/** The machine and the certificate, as far as they decide what is to be done. */
export interface TrustScene {
  readonly platform: string;
  readonly home: string;
  readonly exists: (path: string) => boolean;
  /** `heddle-` and the begin of the certificate's fingerprint: one name per root. */
  readonly label: string;
  /** SHA-1 in upper-case hex, by which macOS and Windows name certificates. */
  readonly sha1: string;
  /** Directories of the user's choice. */
  readonly directories: readonly string[];
  readonly usesSystem: boolean;
}

/** Where distributions keep authorities of their administrators, and what takes them over. */
const LINUX_ANCHORS: readonly (readonly [
  directory: string,
  extension: string,
  command: readonly [string, ...string[]],
])[] = [
  ['/usr/local/share/ca-certificates', 'crt', ['update-ca-certificates']],
  ['/etc/pki/ca-trust/source/anchors', 'pem', ['update-ca-trust', 'extract']],
  ['/etc/ca-certificates/trust-source/anchors', 'crt', ['trust', 'extract-compat']],
  ['/usr/share/pki/trust/anchors', 'pem', ['update-ca-certificates']],
];

/** Every store that is to be changed, in the order it is. */
export const trustStores = (scene: TrustScene): readonly TrustStore[] => [
  ...(scene.usesSystem ? systemStores(scene) : []),
  ...browserStores(scene),
  ...scene.directories.map((directory) => {
    const path = join(directory, `${scene.label}.pem`);
    return {
      name: `directory ${directory}`,
      trust: [{ kind: 'write', path }],
      untrust: [{ kind: 'remove', path }],
    } satisfies TrustStore;
  }),
];

const systemStores = ({ platform, home, exists, label, sha1 }: TrustScene): readonly TrustStore[] => {
  if (platform === 'darwin') {
    const keychain = join(home, 'Library/Keychains/login.keychain-db');
    const add = ['security', 'add-trusted-cert', '-r', 'trustRoot', '-k', keychain, CERTIFICATE_FILE] as const;
    const remove = ['security', 'delete-certificate', '-Z', sha1, '-t', keychain] as const;
    return [oneCommand(`keychain ${keychain}`, add, remove)];
  }
  if (platform === 'win32') {
    const add = ['certutil', '-addstore', '-user', 'Root', CERTIFICATE_FILE] as const;
    return [oneCommand('Windows store Root of the user', add, ['certutil', '-delstore', '-user', 'Root', sha1])];
  }
  const [found] = LINUX_ANCHORS.filter(([directory]) => exists(directory));
  if (found === undefined) return [];
  const [directory, extension, command] = found;
  const path = join(directory, `${label}.${extension}`);
  const takeOver = { kind: 'run', command } as const;
  return [
    {
      name: `system store ${directory}`,
      trust: [{ kind: 'write', path }, takeOver],
      untrust: [{ kind: 'remove', path }, takeOver],
    },
  ];
};

/** Chrome and others on Linux ask a database of NSS instead of the system. */
const browserStores = ({ platform, home, exists, label }: TrustScene): readonly TrustStore[] => {
  const database = join(home, '.pki/nssdb');
  if (platform !== 'linux' || !exists(database)) return [];
  const on = ['certutil', '-d', `sql:${database}`] as const;
  return [
    oneCommand(
      `NSS database ${database}`,
      [...on, '-A', '-t', 'C,,', '-n', label, '-i', CERTIFICATE_FILE],
      [...on, '-D', '-n', label],
    ),
  ];
};

const oneCommand = (
  name: string,
  trust: readonly [string, ...string[]],
  untrust: readonly [string, ...string[]],
): TrustStore => ({
  name,
  trust: [{ kind: 'run', command: trust }],
  untrust: [{ kind: 'run', command: untrust }],
});
